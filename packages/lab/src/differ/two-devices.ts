// Finds the two devices that sequences use: edu, each alone in its group.

import type { HostDevice } from "../host.ts";
import type { TwoDevices } from "./machine.ts";

export function twoDevices(devices: readonly HostDevice[]): TwoDevices {
  const alone = devices.filter(
    ({ kind, group }) =>
      kind === "edu" && devices.filter((other) => other.group === group).length === 1,
  );
  const [first, second] = alone;
  if (first === undefined || second === undefined)
    throw new Error("differ needs two edu devices that are each alone in a group");
  return { groups: [first.group, second.group], devices: [first.address, second.address] };
}
