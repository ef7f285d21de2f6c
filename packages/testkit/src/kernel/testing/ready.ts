// The states from which the cases of type1.md section 7 start, on the simulated VT-d machine.
//
// For the tests of this kernel only. E2 is a container with one group and Type1 v2, E1 with v1.

import type { HostOptions, SimulatedHost } from "../../machines/simulated-host.ts";
import { simulatedHost } from "../../machines/simulated-host.ts";
import { type VtdMachineOptions, vtd } from "../../machines/vtd.ts";
import { RawClient } from "./raw-client.ts";

export const GROUP = 2;
export const DEVICE = "0000:00:02.0";
export const OTHER_GROUP = 3;
export const OTHER_DEVICE = "0000:00:03.0";
export const SHARED_GROUP = 4;

export interface Ready {
  readonly host: SimulatedHost;
  readonly client: RawClient;
  readonly container: number;
  readonly group: number;
}

/** A container with no group, and the group's open file. */
export function opened(options: HostOptions = {}, machine: VtdMachineOptions = {}): Ready {
  const host = simulatedHost(vtd({ vtd: { addressWidth: 39 }, ...machine }), options);
  const client = new RawClient(host.port);
  return { host, client, container: client.openContainer(), group: client.openGroup(GROUP) };
}

/** C1: the group is in the container, no IOMMU is set. */
export function attached(options: HostOptions = {}, machine: VtdMachineOptions = {}): Ready {
  const ready = opened(options, machine);
  check(ready.client.setContainer(ready.group, ready.container));
  return ready;
}

/** E2, or E1 with value 1. */
export function enabled(
  value: 1 | 3 = 3,
  options: HostOptions = {},
  machine: VtdMachineOptions = {},
): Ready {
  const ready = attached(options, machine);
  check(ready.client.setIommu(ready.container, value));
  return ready;
}

/** A process without CAP_IPC_LOCK, which may open every node. */
export function limitedTo(pages: number): HostOptions {
  return { process: { uid: 1000, lockedMemoryLimit: pages * 4096 }, groupMode: 0o666 };
}

function check(rc: number): void {
  if (rc !== 0) throw new Error(`the fixture could not be made: ${rc}`);
}
