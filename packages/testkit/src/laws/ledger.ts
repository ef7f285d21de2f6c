// The laws of the ledger: it, the kernel and the model say the same, in windows that do not meet.

import type { DmaAccess } from "@iommukit/core";
import type { ModelMapping } from "../model/model.ts";
import type { LiveContainer, World } from "../model/world.ts";
import { demand } from "./law.ts";

const PAGE = 4096n;

/** I18: what the library says is mapped is what is mapped, no more and no less. */
export function ledgerIsTheModel(world: World): void {
  for (const { container, model } of world.containers) {
    if (model.state !== "enabled") continue;
    const said = container.dma.mappings();
    demand("I18", said.length === model.mappings.length, () => {
      const got = said.map(({ iova }) => `0x${iova.toString(16)}`).join(", ");
      return `the ledger has ${said.length} mappings (${got}), ${model.mappings.length} are due`;
    });
    const due = inOrder(model.mappings);
    for (const [index, mapping] of said.entries()) {
      const expected = due[index];
      const same = expected !== undefined && equals(mapping, expected);
      demand("I18", same, () => `the ledger's mapping at 0x${mapping.iova.toString(16)} differs`);
    }
  }
}

/** I18: the mappings whose address is invalid are those that were declared so. */
export function invalidAddressesAreTheModel(world: World): void {
  for (const { container, model } of world.containers) {
    // A kernel that failed when it was asked for the capability has it not.
    if (model.state !== "enabled" || container.capabilities["update-vaddr"]?.offered !== true)
      continue;
    const said = container.addresses.invalid();
    const due = inOrder([...model.invalid]);
    demand("I18", said.length === due.length, () => {
      return `${said.length} addresses are said to be invalid, ${due.length} are`;
    });
    for (const [index, mapping] of said.entries()) {
      const expected = due[index];
      const same = expected !== undefined && equals(mapping, expected);
      demand("I18", same, () => `the address at 0x${mapping.iova.toString(16)} is not invalid`);
    }
  }
}

/** I18: what the kernel has is what the model has, over all containers. */
export function kernelIsTheModel(world: World): void {
  const said = world.host.inspect.mappings();
  const due = new Map<string, number>();
  for (const { model } of world.containers)
    for (const mapping of asTheKernelKeepsThem(world, model.mappings))
      count(due, keyOfModel(mapping), 1);
  for (const { iova, size, vaddr, access } of said)
    count(due, key(Number(iova / PAGE), Number(size / PAGE), Number(vaddr / PAGE), access), -1);
  for (const [name, difference] of due)
    demand("I18", difference === 0, () =>
      difference > 0 ? `the kernel lacks ${name}` : `the kernel has ${name}, which nobody mapped`,
    );
}

/** A kernel that keeps single pages shows neighbours that go on in memory as one. */
function asTheKernelKeepsThem(
  { model }: World,
  mappings: readonly ModelMapping[],
): readonly ModelMapping[] {
  if (model.pinning === "mappings") return mappings;
  const joined: ModelMapping[] = [];
  for (const next of inOrder(mappings)) {
    const last = joined.at(-1);
    const goesOn =
      last !== undefined &&
      last.first + last.pages === next.first &&
      last.hostPage + last.pages === next.hostPage &&
      last.access === next.access;
    if (goesOn) joined.splice(-1, 1, { ...last, pages: last.pages + next.pages });
    else joined.push(next);
  }
  return joined;
}

/** I18, I24: the library's descriptors are the kernel's, and as many as the model needs. */
export function descriptorsAreTheModel(world: World): void {
  const open = world.host.inspect.openDescriptors().length - world.baseline.descriptors;
  demand("I24", open === world.watch.descriptors.size, () => {
    return `the kernel has ${open} descriptors open, the library ${world.watch.descriptors.size}`;
  });
  const due = world.containers.reduce(
    (sum, { model }) => sum + 1 + model.groups.length + model.devices.size,
    0,
  );
  demand("I24", open === due, () => `${open} descriptors are open, ${due} are due`);
}

/** I18: groups, and the state of each container. */
export function groupsAreTheModel(world: World): void {
  for (const { container, model } of world.containers) {
    demand("I18", container.state === model.state, () => {
      return `a container is ${container.state}, it should be ${model.state}`;
    });
    const said = [...container.control.groups].sort((a, b) => a - b).join(", ");
    const due = [...model.groups].sort((a, b) => a - b).join(", ");
    demand("I18", said === due, () => `the container says groups ${said}, it has ${due}`);
  }
}

/** I10: windows are disjoint, in order, and those of the machine. */
export function windowsAreDisjoint(world: World): void {
  for (const { container, model } of world.containers) {
    if (model.state !== "enabled") continue;
    const windows = container.windows.list();
    let after = -1n;
    for (const { start, last } of windows) {
      demand("I10", start > after && last >= start, () => `a window begins at ${start}`);
      after = last;
    }
    const same =
      windows.length === model.windows.length &&
      model.windows.every(({ first, last }, index) => {
        const window = windows[index];
        return (
          window !== undefined &&
          Number(window.start / PAGE) === first &&
          Number((window.last + 1n) / PAGE) - 1 === last
        );
      });
    demand("I7", same, () => `windows ${windows.map((w) => `${w.start}..${w.last}`).join(", ")}`);
  }
}

/** I11, I13: each mapping of the kernel lies in one window, in whole pages. */
export function mappingsLieInOneWindow(world: World): void {
  for (const live of world.containers) {
    if (live.model.state !== "enabled") continue;
    for (const { iova, size, host } of live.container.dma.mappings()) {
      demand("I13", (iova | size | host) % PAGE === 0n, () => `a mapping at ${iova} is misaligned`);
      const inside = isInOneWindow(live, iova, size);
      demand("I11", inside, () => `the mapping at 0x${iova.toString(16)} is in no one window`);
    }
  }
}

function isInOneWindow({ model }: LiveContainer, iova: bigint, size: bigint): boolean {
  const first = Number(iova / PAGE);
  const last = first + Number(size / PAGE) - 1;
  return model.windows.filter((each) => each.first <= first && last <= each.last).length === 1;
}

function inOrder(mappings: readonly ModelMapping[]): readonly ModelMapping[] {
  return [...mappings].sort((a, b) => a.first - b.first);
}

interface Said {
  readonly iova: bigint;
  readonly size: bigint;
  readonly host: bigint;
  readonly access: DmaAccess;
}

function equals(said: Said, due: ModelMapping): boolean {
  return (
    Number(said.iova / PAGE) === due.first &&
    Number(said.size / PAGE) === due.pages &&
    Number(said.host / PAGE) === due.hostPage &&
    said.access === due.access
  );
}

function keyOfModel({ first, pages, hostPage, access }: ModelMapping): string {
  return key(first, pages, hostPage, access);
}

function key(first: number, pages: number, hostPage: number, access: DmaAccess): string {
  return `page ${first} + ${pages} → ${hostPage} (${access})`;
}

function count(counts: Map<string, number>, name: string, change: number): void {
  counts.set(name, (counts.get(name) ?? 0) + change);
}
