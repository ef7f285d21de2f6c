// VFIO_IOMMU_MAP_DMA of the sPAPR driver: the checks in the kernel's order, then page by page.
//
// Hazards as they are: an entry that is mapped is replaced without a word, an unaligned bus address
// answers +1, and when a page fails the pages before it are cleared, whatever they held before.

import { SPAPR_MAP_DMA } from "../../decode/spapr.ts";
import { DMA_MAP } from "../../decode/type1.ts";
import { EFAULT, EINVAL, ENXIO, EPERM } from "../../errno.ts";
import { TCE_READ, TCE_WRITE, type TceTable } from "../../iommu/tce-table.ts";
import type { IoctlCall } from "../../open-file.ts";
import type { Process } from "../../process.ts";
import { SimulatedCrash } from "../../simulated-crash.ts";
import { copyStruct } from "../../user-copy.ts";
import { PAGE } from "../../user-memory.ts";
import { clearEntries, releaseEntry } from "./clear.ts";
import type { SpaprState } from "./state.ts";
import { makeDefaultWindow } from "./windows.ts";

const FLAG_READ = 1;
const FLAG_WRITE = 2;
/** iommu_tce_check_ioba's answer, which becomes the ioctl's. */
const UNALIGNED = 1;

interface MapRequest {
  readonly table: TceTable;
  readonly process: Process;
  /** First entry of the table, and how many. */
  readonly entry: number;
  readonly count: number;
  /** The user's first 4 KiB page. */
  readonly page: number;
  readonly permissions: number;
}

export function mapDma(state: SpaprState, call: IoctlCall): number {
  if (!state.enabled) return -EPERM;
  const copied = copyStruct(call.argument, DMA_MAP, state.facts.order);
  if (copied === undefined) return -EFAULT;
  const { view } = copied;
  const flags = view.u32("flags");
  if (view.u32("argsz") < DMA_MAP.size || (flags & ~(FLAG_READ | FLAG_WRITE)) !== 0) return -EINVAL;
  const pending = makeDefaultWindow(state);
  if (pending !== 0) return pending;
  const table = state.tables[state.slotOf(view.frames("iova"))];
  if (table === undefined) return -ENXIO;
  const frames = 2 ** (table.pageShift - 12);
  const page = view.frames("vaddr");
  const size = view.frames("size");
  if ((view.inFrame("size") | view.inFrame("vaddr")) !== 0) return -EINVAL;
  if (size % frames !== 0 || page % frames !== 0 || flags === 0) return -EINVAL;
  const iova = view.frames("iova");
  if (view.inFrame("iova") !== 0 || iova % frames !== 0) return UNALIGNED;
  const [entry, count] = [iova / frames, size / frames];
  requireInside(table, entry, count, SPAPR_MAP_DMA);
  const permissions =
    ((flags & FLAG_READ) === 0 ? 0 : TCE_READ) | ((flags & FLAG_WRITE) === 0 ? 0 : TCE_WRITE);
  return build(state, { table, process: call.process, entry, count, page, permissions });
}

/** What happens beyond a window's end is undefined: the program under test is broken. */
export function requireInside(
  table: TceTable,
  entry: number,
  count: number,
  command: number,
): void {
  const end = table.offset + table.size;
  if (entry + count <= end || count === 0) return;
  const what = command === SPAPR_MAP_DMA ? "a map" : "an unmap";
  throw new SimulatedCrash(
    `${what} of ${count} entries at ${entry} crosses the end of its window, entry ${end}`,
  );
}

function build(state: SpaprState, request: MapRequest): number {
  const { table, entry, count, page } = request;
  const step = 2 ** (table.pageShift - 12);
  const buildOne = state.version === 1 ? buildPinned : buildRegistered;
  for (let index = 0; index < count; index++) {
    const answer = buildOne(state, request, entry + index, page + index * step);
    if (answer !== 0) {
      clearEntries(state, table, entry, index);
      return answer;
    }
  }
  table.invalidate(entry, count);
  return 0;
}

/** Version 1: the page is pinned here and now, always to be written. */
function buildPinned(state: SpaprState, request: MapRequest, entry: number, page: number): number {
  const { table, process, permissions } = request;
  const pinned = state.pins.pin(process, page);
  if (typeof pinned === "number") return pinned;
  if (pinned.shift < table.pageShift) {
    state.pins.unpin(pinned.frame);
    return -EPERM;
  }
  const answer = table.exchange(entry, pinned.frame, permissions);
  if (answer !== 0) {
    state.pins.unpin(pinned.frame);
    return answer;
  }
  if (table.oldPermissions !== 0) state.pins.unpin(table.oldFrame);
  table.setShadow(entry, page * PAGE, permissions);
  return 0;
}

/** Version 2: all of the page must lie in one registered region. */
function buildRegistered(
  state: SpaprState,
  request: MapRequest,
  entry: number,
  page: number,
): number {
  const { table, permissions } = request;
  const { pageShift } = table;
  const region = state.regions?.holding(page, 2 ** (pageShift - 12));
  if (region === undefined || pageShift > region.pageShift) return -EINVAL;
  const index = page - region.firstPage;
  if ((region.shifts[index] ?? 0) < pageShift) return -EPERM;
  region.mapped += 1;
  const answer = table.exchange(entry, region.frames[index] ?? 0, permissions);
  if (answer !== 0 || table.oldPermissions !== 0) releaseEntry(state, table, entry, table.oldFrame);
  if (answer !== 0) return answer;
  table.setShadow(entry, page * PAGE, permissions);
  return 0;
}
