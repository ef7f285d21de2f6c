// What can go wrong at one call: each errno it may give, numbers it never should, and lies.
//
// Errnos are those that the paper on the kernel's semantics lists for the call, and a few that any
// call can meet. A call that closes does its work and then reports, as Linux does.

import { breaksChain, type ChainBreak } from "../faults/broken-capability-chain.ts";
import { answers, fails, failsAfterwards } from "../faults/errno.ts";
import type { Fault, FaultEffect } from "../faults/plan.ts";
import { argszGrows, corrupts, unmapsShort } from "../faults/written-back.ts";
import * as errno from "../kernel/errno.ts";
import type { CallRecord } from "../trace/recorder.ts";

const { EACCES, EAGAIN, EBADF, EBUSY, EEXIST, EFAULT, EINTR, EINVAL, EIO } = errno;
const { EMFILE, ENODEV, ENOENT, ENOMEM, ENOSPC, ENOTTY, ENXIO, EPERM, EOPNOTSUPP } = errno;

/** One way in which one call goes wrong. */
export interface Injection {
  readonly fault: Fault;
  /**
   * `refused`: the call was not made. `reported`: it was made, and closing cannot be refused.
   * `lie`: it was made and the answer is false. `lasting`: refused from then on.
   */
  readonly kind: "refused" | "reported" | "lie" | "lasting";
}

const ANY: readonly number[] = [EINTR, EIO, ENOMEM];

const ERRNOS: Readonly<Record<string, readonly number[]>> = {
  open: [ENOENT, EACCES, EPERM, EBUSY, EMFILE, ENODEV, ENXIO],
  VFIO_GET_API_VERSION: [EINVAL, ENOTTY],
  VFIO_CHECK_EXTENSION: [EINVAL, ENODEV],
  VFIO_SET_IOMMU: [EINVAL, ENODEV, EPERM, EBUSY],
  VFIO_GROUP_GET_STATUS: [EFAULT, EINVAL, ENODEV],
  VFIO_GROUP_SET_CONTAINER: [EFAULT, EBADF, EINVAL, ENODEV, EPERM, EBUSY, errno.EBADFD],
  VFIO_GROUP_UNSET_CONTAINER: [EINVAL, EBUSY],
  VFIO_GROUP_GET_DEVICE_FD: [EFAULT, EINVAL, ENODEV, EMFILE, EPERM, EAGAIN, EACCES],
  VFIO_IOMMU_GET_INFO: [EFAULT, EINVAL],
  VFIO_IOMMU_MAP_DMA: [EFAULT, EINVAL, EEXIST, ENOSPC, EOPNOTSUPP],
  VFIO_IOMMU_UNMAP_DMA: [EFAULT, EINVAL, EBUSY],
  VFIO_IOMMU_DIRTY_PAGES: [EACCES, EFAULT, EINVAL],
  VFIO_IOMMU_ENABLE: [EBUSY, ENODEV, EPERM],
  VFIO_IOMMU_DISABLE: [EPERM],
  VFIO_IOMMU_SPAPR_TCE_GET_INFO: [EFAULT, EINVAL, EPERM, ENXIO],
  VFIO_IOMMU_SPAPR_REGISTER_MEMORY: [EPERM, EFAULT, EINVAL, EBUSY],
  VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY: [EPERM, EFAULT, EINVAL, ENOENT],
  VFIO_IOMMU_SPAPR_TCE_CREATE: [EPERM, EFAULT, EINVAL, ENXIO, ENOSPC, ENODEV],
  VFIO_IOMMU_SPAPR_TCE_REMOVE: [EPERM, EFAULT, EINVAL, ENXIO],
  VFIO_EEH_PE_OP: [EPERM, ENODEV, EFAULT, EINVAL, ENXIO],
  VFIO_IOMMU_PAMU_GET_ATTR: [EFAULT, EINVAL, ENODEV, ENOTTY],
  VFIO_IOMMU_PAMU_SET_ATTR: [EFAULT, EINVAL, ENODEV, EBUSY, ENOSPC],
  VFIO_IOMMU_PAMU_GET_MSI_BANK_COUNT: [EINVAL, ENOTTY],
  VFIO_IOMMU_PAMU_MAP_MSI_BANK: [EFAULT, EINVAL, ENODEV, EBUSY],
  VFIO_IOMMU_PAMU_UNMAP_MSI_BANK: [EFAULT, EINVAL, ENODEV],
  VFIO_DEVICE_GET_INFO: [EFAULT, EINVAL],
  VFIO_DEVICE_GET_REGION_INFO: [EFAULT, EINVAL],
  VFIO_DEVICE_RESET: [EINVAL, ENOTTY, EAGAIN],
  readAt: [EINVAL, EFAULT],
  writeAt: [EINVAL, EFAULT],
  mapMemory: [EINVAL, EPERM],
  unmapMemory: [EINVAL],
  close: [],
  readLink: [ENOENT, EACCES],
  list: [ENOENT, EACCES],
  readText: [ENOENT, EACCES],
};

/** Calls whose answer is an object or a descriptor: it cannot be lost without losing that too. */
const GIVES_SOMETHING: ReadonlySet<string> = new Set([
  "open",
  "VFIO_GROUP_GET_DEVICE_FD",
  "mapMemory",
  "eventFd",
]);
const CLOSES: ReadonlySet<string> = new Set(["close", "unmapMemory"]);
const READS_TEXT: ReadonlySet<string> = new Set(["readLink", "list", "readText"]);

const CHAIN_BREAKS: readonly ChainBreak[] = [
  "circular",
  "backwards",
  "out-of-bounds",
  "misaligned",
  "truncated",
];
/** Where the two structs with chains keep their start. */
const CAP_OFFSET: Readonly<Record<string, number>> = {
  VFIO_IOMMU_GET_INFO: 16,
  VFIO_DEVICE_GET_REGION_INFO: 12,
  VFIO_DEVICE_GET_INFO: 16,
};

/** Everything that is tried at the call that a dry run recorded as number `nth`. */
export function injectionsAt(records: readonly CallRecord[], nth: number): readonly Injection[] {
  const record = records[nth - 1];
  if (record === undefined) return [];
  const { title } = record;
  const errnos = [...ANY, ...(ERRNOS[title] ?? [EINVAL])];
  const once = (what: FaultEffect, kind: Injection["kind"]): Injection => ({
    fault: { when: { nth }, what },
    kind,
  });
  if (CLOSES.has(title))
    return [
      ...errnos.map((each) => once(failsAfterwards(each), "reported")),
      ...ODD.map((odd) => once({ name: `works and answers ${odd}`, after: () => odd }, "reported")),
    ];
  return [
    ...errnos.map((each) => once(fails(each), "refused")),
    ...ODD.map((odd) => once(answers(odd), "refused")),
    ...(GIVES_SOMETHING.has(title) || READS_TEXT.has(title)
      ? []
      : [once(failsAfterwards(EINTR), "lie")]),
    ...lies(title).map((what) => once(what, "lie")),
    lasting(records, nth),
  ];
}

const ODD: readonly number[] = [1, 2_147_483_647];

/** From this call on, all of its kind fail. */
function lasting(records: readonly CallRecord[], nth: number): Injection {
  const call = records[nth - 1]?.call;
  const same = records
    .slice(0, nth)
    .filter((each) => each.call.name === call?.name && each.call.request === call?.request);
  const when = {
    ...(call === undefined ? {} : { call: call.name }),
    ...(call?.request === undefined ? {} : { request: call.request }),
    nth: same.length,
    times: Number.POSITIVE_INFINITY,
  };
  return { fault: { when, what: fails(EIO) }, kind: "lasting" };
}

/** What the call may write back that is not so. */
function lies(title: string): readonly FaultEffect[] {
  const capOffset = CAP_OFFSET[title];
  const chain =
    capOffset === undefined
      ? []
      : [
          ...CHAIN_BREAKS.map((how) => breaksChain(how, capOffset)),
          argszGrows(16, capOffset),
          corrupts("argsz: none", (view) => view.setUint32(0, 0, true)),
          corrupts("argsz: absurd", (view) => view.setUint32(0, 0xffff_fff0, true)),
        ];
  return [...chain, ...(FALSE_BYTES[title] ?? [])];
}

const FALSE_BYTES: Readonly<Record<string, readonly FaultEffect[]>> = {
  VFIO_IOMMU_UNMAP_DMA: [
    unmapsShort(4096n),
    unmapsShort(1n << 63n),
    corrupts("the size: a page more", (view) =>
      view.setBigUint64(16, view.getBigUint64(16, true) + 4096n, true),
    ),
  ],
  VFIO_IOMMU_GET_INFO: [
    corrupts("the page sizes: none", (view) => view.setBigUint64(8, 0n, true)),
    corrupts("the page sizes: one byte", (view) => view.setBigUint64(8, 1n, true)),
    corrupts("the flags: none", (view) => view.setUint32(4, 0, true)),
  ],
  VFIO_IOMMU_SPAPR_TCE_GET_INFO: [
    corrupts("the page sizes: none", (view) => view.setBigUint64(16, 0n, true)),
    corrupts("the page sizes: one byte", (view) => view.setBigUint64(16, 1n, true)),
    corrupts("the default window: none", (view) => view.setUint32(12, 0, true)),
    corrupts("the windows: none", (view) => view.setUint32(24, 0, true)),
    corrupts("the levels: none", (view) => view.setUint32(28, 0, true)),
  ],
  VFIO_IOMMU_SPAPR_TCE_CREATE: [
    corrupts("the start: elsewhere", (view) => view.setBigUint64(32, 0x4000_0000n, true)),
  ],
  VFIO_IOMMU_PAMU_GET_ATTR: [
    corrupts("the attribute: zeros", (view) => view.setBigUint64(16, 0n)),
    corrupts("the attribute: three", (view) => view.setBigUint64(16, 3n << 32n)),
    corrupts("the attribute: all ones", (view) => view.setBigUint64(16, ~0n)),
  ],
  VFIO_GROUP_GET_STATUS: [
    corrupts("the flags: not viable", (view) => view.setUint32(4, 0, true)),
    corrupts("the flags: in a container", (view) => view.setUint32(4, 3, true)),
  ],
  VFIO_DEVICE_GET_INFO: [
    corrupts("the regions: none", (view) => view.setUint32(8, 0, true)),
    corrupts("the flags: none", (view) => view.setUint32(4, 0, true)),
  ],
  VFIO_DEVICE_GET_REGION_INFO: [
    corrupts("the region's size: none", (view) => view.setBigUint64(16, 0n, true)),
  ],
};
