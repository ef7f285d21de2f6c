// Opens devices of a group and closes them, while their container has them and after.

import fc from "fast-check";
import { openEdu } from "../../drivers/edu-driver.ts";
import { REQUESTERS } from "../../laws/isolation.ts";
import { type CommandKind, command } from "../command.ts";
import { lifeRefusals } from "../expect.ts";
import type { Refusal } from "../outcome.ts";
import { slot } from "../places.ts";
import type { LiveContainer, World } from "../world.ts";

const ADDRESSES: readonly string[] = [...REQUESTERS.map(({ address }) => address), "0000:00:1f.7"];

export const OPEN_DEVICE: CommandKind = {
  name: "openDevice",
  weight: 3,
  arbitrary: fc
    .record({ of: slot(), address: fc.constantFrom(...ADDRESSES) })
    .map(({ of, address }) =>
      command(`container ${of} opens device ${address}`, (world) => open(world, of, address)),
    ),
};

export const CLOSE_DEVICE: CommandKind = {
  name: "closeDevice",
  weight: 2,
  arbitrary: fc
    .record({ of: slot(), which: fc.nat(3) })
    .map(({ of, which }) =>
      command(`container ${of} closes its device ${which}`, (world) => close(world, of, which)),
    ),
};

function open(world: World, of: number, address: string): void {
  const live = world.container(of);
  if (live === undefined || live.devices.has(address)) return;
  const device = world.perform(
    `openDevice ${address}`,
    () => live.container.openDevice(address),
    () => ({ refusals: openRefusals(live, address), elseLaw: "I16" }),
  );
  if (device === undefined) return;
  live.model.devices.add(address);
  const edu = world.perform(
    "openEdu",
    () => openEdu(device),
    () => ({ refusals: [], elseLaw: "I16" }),
  );
  live.devices.set(address, { device, edu });
}

function openRefusals(live: LiveContainer, address: string): readonly Refusal[] {
  const life = lifeRefusals(live);
  if (life.length > 0) return life;
  const group = REQUESTERS.find((each) => each.address === address)?.group;
  if (group !== undefined && live.model.groups.includes(group)) return [];
  return [{ code: "device-not-found", law: "I6", by: "kernel" }];
}

function close(world: World, of: number, which: number): void {
  const live = world.container(of);
  if (live === undefined) return;
  const chosen = [...live.devices][which % Math.max(1, live.devices.size)];
  if (chosen === undefined) return;
  const [address, { device }] = chosen;
  world.perform(
    `close ${address}`,
    () => device.close(),
    () => ({ refusals: [], elseLaw: "I24", everyCallDecides: true }),
  );
  // Linux closes a descriptor whatever it reports.
  live.devices.delete(address);
  live.model.devices.delete(address);
}
