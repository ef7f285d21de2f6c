// Calls on containers and groups: opening, attaching, asking, closing.

import { match } from "ts-pattern";
import { isSpapr } from "../environment.ts";
import type { Slot, WordCall } from "../op.ts";
import type { Draft } from "./draft.ts";

/** What SET_IOMMU takes there: the newer version, the older one. */
function iommuTypes({ environment }: Draft): readonly [newer: number, older: number] {
  return isSpapr(environment) ? [7, 2] : [3, 1];
}

/** A container with a group and an IOMMU. */
export function addEnabled(draft: Draft, iommu: number): void {
  draft.add(
    { op: "open", into: "c0", node: "container" },
    { op: "open", into: "g0", node: "group0" },
    { op: "attach", fd: "g0", container: "c0" },
    { op: "word", fd: "c0", call: "SET_IOMMU", value: iommu },
  );
}

/** The second group, in the same container or in one of its own. */
export function addSecondGroup(draft: Draft): void {
  draft.add({ op: "open", into: "g1", node: "group1" });
  if (draft.random.oneIn(3)) {
    const [newer, older] = iommuTypes(draft);
    draft.add({ op: "open", into: "c1", node: "container" });
    draft.add({ op: "attach", fd: "g1", container: "c1" });
    draft.add({
      op: "word",
      fd: "c1",
      call: "SET_IOMMU",
      value: draft.random.pick([older, newer]),
    });
  } else draft.add({ op: "attach", fd: "g1", container: "c0" });
}

export function addOpen(draft: Draft): void {
  const { random } = draft;
  draft.add(
    random.pick([
      { op: "open", into: "c0", node: "container" },
      { op: "open", into: "c1", node: "container" },
      { op: "open", into: "g0", node: "group0" },
      { op: "open", into: "g1", node: "group1" },
      { op: "eventfd", into: "e0" },
    ]),
  );
}

export function addEventFd(draft: Draft): void {
  draft.add({ op: "eventfd", into: "e0" });
}

export function addClose(draft: Draft): void {
  const anything = draft.random.pick<Slot>(["c0", "c1", "g0", "g1", "d0", "d1", "none", "far"]);
  const fd = draft.random.oneIn(10) ? anything : draft.anyOpen();
  draft.add({ op: "close", fd: fd ?? anything });
}

export function addAttach(draft: Draft): void {
  const { random } = draft;
  const container = random.weighted<Slot>([
    [14, draft.container()],
    [1, "none"],
    [1, "far"],
    [1, "g0"],
    [1, "e0"],
    [1, "d0"],
  ]);
  draft.add({ op: "attach", fd: draft.group(), container });
}

export function addDetach(draft: Draft): void {
  draft.add({ op: "word", fd: draft.group(), call: "GROUP_UNSET_CONTAINER", value: 0 });
}

export function addSetIommu(draft: Draft): void {
  const { random } = draft;
  const [newer, older] = iommuTypes(draft);
  const value = random.weighted([
    [6, newer],
    [3, older],
    [3, random.below(12)],
    [1, 999],
  ]);
  draft.add({ op: "word", fd: draft.container(), call: "SET_IOMMU", value });
}

export function addCheckExtension(draft: Draft): void {
  const { random } = draft;
  const value = random.weighted([
    [8, random.below(12)],
    [1, 999],
    [1, 0x7fff_ffff],
  ]);
  draft.add({ op: "word", fd: draft.container(), call: "CHECK_EXTENSION", value });
}

export function addStatus(draft: Draft): void {
  const argsz = draft.random.weighted([
    [8, 8],
    [1, 7],
    [1, 0],
    [1, 9],
    [1, 0xffff_ffff],
  ]);
  draft.add({ op: "status", fd: draft.group(), argsz });
}

const WORD_CALLS: readonly [WordCall, ...WordCall[]] = [
  "GET_API_VERSION",
  "IOMMU_ENABLE",
  "IOMMU_DISABLE",
  "UNKNOWN",
  "GROUP_GET_STATUS",
  "GROUP_SET_CONTAINER",
  "GROUP_GET_DEVICE_FD",
  "IOMMU_GET_INFO",
  "IOMMU_MAP_DMA",
  "IOMMU_UNMAP_DMA",
  "IOMMU_DIRTY_PAGES",
  "DEVICE_GET_INFO",
];

const SPAPR_CALLS: readonly [WordCall, ...WordCall[]] = [
  ...WORD_CALLS,
  "IOMMU_ENABLE",
  "IOMMU_DISABLE",
  "SPAPR_UNREGISTER_MEMORY",
  "SPAPR_TCE_CREATE",
  "SPAPR_TCE_REMOVE",
  "EEH_PE_OP",
];

/** Calls with a bare value: a number that means nothing, or a pointer to nowhere. */
export function addWord(draft: Draft): void {
  const { random } = draft;
  const call = random.pick(isSpapr(draft.environment) ? SPAPR_CALLS : WORD_CALLS);
  const meant = match(call)
    .with("GROUP_GET_STATUS", "GROUP_SET_CONTAINER", "GROUP_GET_DEVICE_FD", () => draft.group())
    .with("DEVICE_GET_INFO", () => draft.device())
    .otherwise(() => draft.container());
  const fd = random.oneIn(6) ? random.pick(["c0", "g0", "d0", "none"]) : meant;
  draft.add({ op: "word", fd, call, value: random.pick([0, 0x1000, 8]) });
}

/** Only of the first version: it charges the whole window, and gives the right to map. */
export function addEnable(draft: Draft): void {
  const call = draft.random.weighted<WordCall>([
    [3, "IOMMU_ENABLE"],
    [1, "IOMMU_DISABLE"],
  ]);
  draft.add({ op: "word", fd: draft.container(), call, value: 0 });
}

/** Sampled by the next SET_IOMMU. */
export function addLimit(draft: Draft): void {
  draft.add({ op: "limit", value: draft.random.pick([0, 1, 2, 3, 5, 65_535]) });
}
