// The function of a mediated device: registers that a driver of the host invents, and no DMA.
//
// Only what VFIO asks of it is there; its group is what the cases are about (type1.md 2.1, mdev).

import type { PciFunction } from "../kernel/pci/pci-function.ts";

/** As mdev names a device. */
export const MEDIATED_DEVICE = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";

const VENDOR = 0x1234;
const DEVICE = 0x0001;
const CONFIG_SIZE = 256;

export function mediatedFunction(): PciFunction {
  const config = new Uint8Array(CONFIG_SIZE);
  const view = new DataView(config.buffer);
  view.setUint16(0, VENDOR, true);
  view.setUint16(2, DEVICE, true);
  return {
    vendor: VENDOR,
    device: DEVICE,
    classCode: 0xff00,
    configSize: CONFIG_SIZE,
    bars: Array.from({ length: 6 }, () => ({ length: 0, kind: "memory" as const })),
    readConfig: (offset) => config[offset] ?? 0xff,
    writeConfig: (offset, bytes) => config.set(bytes, offset),
    readBar: (_bar, _offset, into) => {
      into.fill(0xff);
    },
    writeBar: () => undefined,
    connectLine: () => undefined,
  };
}
