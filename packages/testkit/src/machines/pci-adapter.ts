// Fits a simulated device to what the kernel asks of a PCI function.
//
// The adapter is the machine's wiring: firmware's BAR addresses, the interrupt line, and the way of
// an interrupt message from the bus to the kernel. It decides nothing.

import type { PciDevice } from "../devices/dma-device.ts";
import type { PciFunction } from "../kernel/pci/pci-function.ts";
import type { DmaBus } from "../memory/bus.ts";

export interface Wiring {
  readonly bus: DmaBus;
  /** Where a message goes that arrived at the interrupt controller. */
  readonly onMessage: (requester: number, data: number) => void;
  /** The bus address that firmware gives to BAR 0. */
  readonly barAddress: number;
  /** And what it leaves in the command register. Default: decoding on, system errors reported. */
  readonly firmwareCommand?: number | undefined;
  readonly functionReset: "none" | "offered";
  /** The byte that loads see while the host bridge has stopped the device; undefined otherwise. */
  readonly silence?: () => number | undefined;
}

const COMMAND = 0x04;
const IO_AND_MEMORY = 0x003;
const SERR_ENABLE = 0x100;
const BAR0 = 0x10;

export function pciFunction(device: PciDevice, wiring: Wiring): PciFunction {
  let line: (asserted: boolean) => void = () => undefined;
  device.connectInterrupts((interrupt) => {
    if (interrupt.kind === "intx") line(interrupt.asserted);
    else deliverMessages(wiring);
  });
  const silence = wiring.silence ?? (() => undefined);
  setUpAsFirmware(device, wiring);
  const identity = new DataView(readConfig(device, 0, 12).buffer);
  return {
    vendor: identity.getUint16(0, true),
    device: identity.getUint16(2, true),
    classCode: identity.getUint32(8, true) >>> 8,
    configSize: 256,
    bars: device.barSizes.map((length) => ({ length, kind: "memory" })),
    readConfig: (offset) => silence() ?? readConfig(device, offset, 1)[0] ?? 0xff,
    writeConfig(offset, bytes) {
      if (silence() === undefined) device.config.write(offset, bytes);
    },
    readBar(bar, offset, into) {
      const byte = silence();
      if (byte === undefined) device.readBar(bar, offset, into);
      else into.fill(byte);
    },
    writeBar(bar, offset, from) {
      if (silence() === undefined) device.writeBar(bar, offset, from);
    },
    ...(wiring.functionReset === "offered" ? { reset: () => device.reset() } : {}),
    connectLine: (listener) => {
      line = listener;
    },
  };
}

/** Only messages that the IOMMU let through are on the bus. */
function deliverMessages(wiring: Wiring): void {
  for (const { requester, data } of wiring.bus.takeInterruptMessages()) {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    wiring.onMessage(requester, view.getUint32(0, true));
  }
}

function readConfig(device: PciDevice, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  device.config.read(offset, bytes);
  return bytes;
}

function setUpAsFirmware(device: PciDevice, { barAddress, firmwareCommand }: Wiring): void {
  const bytes = new Uint8Array(4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, barAddress, true);
  device.config.write(BAR0, bytes);
  view.setUint16(0, firmwareCommand ?? IO_AND_MEMORY | SERR_ENABLE, true);
  device.config.write(COMMAND, bytes.subarray(0, 2));
}
