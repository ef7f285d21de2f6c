// VFIO's own registry: groups that have a node, and devices bound to vfio-pci.
//
// type1.md 1.1: a group's node appears with its first bound device and goes with the last.

import { EventFd } from "./event-fd.ts";
import type { PciDevice } from "./pci/pci-device.ts";
import type { KernelAbi } from "./port-types.ts";
import { VfioDevice } from "./vfio-device.ts";
import { VfioGroup } from "./vfio-group.ts";
import { REQ } from "./vfio-interrupts.ts";

export const VFIO_PCI = "vfio-pci";

/** A write that would never return: on a real kernel the writer hangs until the user lets go. */
export class SimulatedHang extends Error {
  override readonly name = "SimulatedHang";
}

export class VfioCore {
  readonly #groups = new Map<number, VfioGroup>();
  readonly #abi: KernelAbi;

  constructor(abi: KernelAbi) {
    this.#abi = abi;
  }

  /** Groups with a node, by number. */
  get groups(): ReadonlyMap<number, VfioGroup> {
    return this.#groups;
  }

  deviceAt(requester: number): VfioDevice | undefined {
    for (const group of this.#groups.values())
      for (const device of group.devices) if (device.pci.requester === requester) return device;
    return undefined;
  }

  bound(pci: PciDevice): void {
    const id = pci.group.id;
    const group = this.#groups.get(id) ?? new VfioGroup(pci.group, this.#abi);
    this.#groups.set(id, group);
    group.devices.push(new VfioDevice(pci));
  }

  /** The user is asked to let go first; one who does not would block the kernel for ever. */
  unbound(pci: PciDevice): void {
    const group = this.#groups.get(pci.group.id);
    const device = group?.devices.find((candidate) => candidate.pci === pci);
    if (group === undefined || device === undefined) return;
    const request = device.interrupts.notify.get(REQ);
    if (request instanceof EventFd) request.signal();
    if (device.isOpen)
      throw new SimulatedHang(`unbinding ${pci.address} waits until its descriptor is closed`);
    group.devices.splice(group.devices.indexOf(device), 1);
    if (group.devices.length === 0) this.#groups.delete(pci.group.id);
  }
}
