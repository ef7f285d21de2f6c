// What is mapped, as runs of neighbouring TCEs: the kernel itself keeps no list of requests.

import type { MappedEntry, TceTable } from "../../iommu/tce-table.ts";
import type { MappingReport } from "../driver.ts";
import type { SpaprState } from "./state.ts";

export function reportMappings(state: SpaprState): readonly MappingReport[] {
  const pid = state.owner?.pid ?? 0;
  return state.tables.flatMap((table) => (table === undefined ? [] : runsOf(table, state, pid)));
}

interface Run {
  readonly first: MappedEntry;
  count: number;
}

function runsOf(table: TceTable, state: SpaprState, pid: number): readonly MappingReport[] {
  const bytes = 2 ** table.pageShift;
  const runs: Run[] = [];
  for (const each of table.mapped()) {
    const run = runs.at(-1);
    if (run !== undefined && follows(run, each, bytes)) run.count += 1;
    else runs.push({ first: each, count: 1 });
  }
  return runs.map(({ first, count }) => ({
    iova: BigInt(first.entry) << BigInt(table.pageShift),
    size: BigInt(count) << BigInt(table.pageShift),
    vaddr: BigInt(first.address),
    access: accessOf(first),
    pid,
    lockedPages: 0,
    pinnedPages: state.version === 1 ? count * (bytes / 4096) : 0,
  }));
}

function follows({ first, count }: Run, next: MappedEntry, bytes: number): boolean {
  return (
    next.entry === first.entry + count &&
    next.address === first.address + count * bytes &&
    accessOf(next) === accessOf(first)
  );
}

function accessOf({ access }: MappedEntry): MappingReport["access"] {
  if (access.read && access.write) return "read-write";
  return access.write ? "write" : "read";
}
