// The runner's world on Linux: this machine's kernel, or the guest's.
//
// In a guest the machine's test devices are bound to VFIO first. On `host` nothing is bound: which
// devices may be taken away from their drivers is the user's decision.

import type { KernelPort } from "@iommukit/core";
import { bindToVfio, linuxHost, listPciDevices, type PciDevice } from "@iommukit/host-linux";
import type { HostDevice } from "../host.ts";
import { IS_OTHER_PROCESS, servedByBundle } from "../other-process/entry.ts";
import { serve } from "../other-process/serve.ts";
import type { RunnerSettings } from "../protocol/message.ts";
import { type LoadProgram, startRunner, type World } from "./runner.ts";

export function startOnLinux(load: LoadProgram): void {
  if (IS_OTHER_PROCESS) {
    serve();
    return;
  }
  servedByBundle(process.argv[1]);
  startRunner(openLinux, load);
}

function openLinux({ bind }: RunnerSettings): World {
  const port = linuxHost();
  if (bind === "nothing") return { port, devices: boundDevices(port), close: () => undefined };
  const wanted = listPciDevices(port).filter((device) => testKind(device) !== undefined);
  const binding = wanted.length === 0 ? undefined : bindToVfio(port, wanted.map(addressOf));
  return { port, devices: boundDevices(port), close: () => binding?.close() };
}

function boundDevices(port: KernelPort): readonly HostDevice[] {
  return listPciDevices(port)
    .filter(({ driver }) => driver === "vfio-pci")
    .flatMap((device) =>
      device.group === undefined
        ? []
        : [{ address: device.address, group: device.group, kind: kindOf(device) }],
    );
}

const NVME_CLASS = 0x010802;

/** Devices that exist to be tested with: QEMU's own, never somebody's disk. */
function testKind({ vendor, device }: PciDevice): "edu" | undefined {
  return vendor === 0x1234 && device === 0x11e8 ? "edu" : undefined;
}

function kindOf(device: PciDevice): string {
  return testKind(device) ?? (device.classCode === NVME_CLASS ? "nvme" : "other");
}

function addressOf({ address }: PciDevice): string {
  return address;
}
