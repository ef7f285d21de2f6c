// VFIO_IOMMU_SPAPR_TCE_CREATE and REMOVE, asked only for what the kernel can do.

import {
  type DmaWindow,
  IommuError,
  iova,
  type KernelPort,
  type ProbeContext,
  readLockedMemory,
  refusedByKernel,
  type WindowRequest,
} from "@iommukit/core";
import { createWriter, ioctlNumber } from "@iommukit/core/abi";
import { lockedState, RAISE_LIMIT, requireLockable } from "./locked.ts";
import { DEFAULT_PAGE, type WindowOffer } from "./offer.ts";
import {
  VFIO_IOMMU_SPAPR_TCE_CREATE,
  VFIO_IOMMU_SPAPR_TCE_REMOVE,
  vfio_iommu_spapr_tce_create,
  vfio_iommu_spapr_tce_remove,
} from "./uapi/window.ts";
import { type PossibleWindow, type ShapeRefusal, shapeWindow } from "./window-shape.ts";
import type { Place, WindowSlots } from "./window-slots.ts";

const CREATE = "VFIO_IOMMU_SPAPR_TCE_CREATE";

/** Bytes that the kernel charges for the default window when it makes it. */
export function defaultTableBytes(offer: WindowOffer): bigint {
  const { size } = offer.defaultWindow;
  return shapeWindow(offer, { pageSize: DEFAULT_PAGE, size }).window?.tableBytes ?? 0n;
}

/** The create of one container. */
export function createCreateWindow(
  context: ProbeContext,
  currentOffer: () => WindowOffer,
  slots: WindowSlots,
): (request: WindowRequest) => DmaWindow {
  const call = bindCreate(context);
  const remove = bindRemove(context);
  const { port } = context;
  return (request) => {
    const offer = currentOffer();
    const { window: shape, refusal } = shapeWindow(offer, request);
    if (shape === undefined) throw refused(refusal);
    const place = slots.place(shape);
    if ("code" in place) throw refused(place);
    if (request.start !== undefined && request.start !== place.start)
      throw elsewhere(request.start, place.start);
    const pendingBytes = slots.pending ? defaultTableBytes(offer) : 0n;
    requireLockable(port, "createWindow", "the table", shape.tableBytes + pendingBytes);
    const before = readLockedMemory(port).locked;
    const { result, start } = call(shape);
    if (result !== 0) {
      // A kernel that made it all the same (EFAULT) must not keep it in our slot.
      remove(place.start);
      throw createRefused(port, result, { shape, pendingBytes, before });
    }
    if (start !== place.start) {
      remove(start);
      throw misplaced(start, place);
    }
    return slots.add(place, iova(start), shape);
  };
}

/** The remove of one container, of a window that is in the list. */
export function createRemoveWindow(
  context: ProbeContext,
  slots: WindowSlots,
): (window: DmaWindow) => void {
  const remove = bindRemove(context);
  return (window) => {
    const result = remove(window.start);
    if (result !== 0)
      throw refusedByKernel(context.port.abi, {
        operation: "VFIO_IOMMU_SPAPR_TCE_REMOVE",
        result,
        sentence: "the kernel did not remove the window",
        facts: { start: window.start },
        hints: { EINVAL: "it has no window there: was the container changed by another process?" },
      });
    slots.remove(window);
  };
}

function bindCreate({
  port,
  container,
}: ProbeContext): (shape: PossibleWindow) => { result: number; start: bigint } {
  const request = ioctlNumber(port.abi, VFIO_IOMMU_SPAPR_TCE_CREATE);
  const { set, get, bytes, clear } = createWriter(vfio_iommu_spapr_tce_create, port.abi);
  return (shape) => {
    clear();
    set.argsz(bytes.length);
    set.page_shift(shape.shift);
    set.window_size(shape.size);
    set.levels(shape.levels);
    const result = port.ioctl(container, request, bytes);
    return { result, start: get.start_addr() };
  };
}

/** Removes by exact start: the kernel would remove a window for any address inside it. */
function bindRemove({ port, container }: ProbeContext): (start: bigint) => number {
  const request = ioctlNumber(port.abi, VFIO_IOMMU_SPAPR_TCE_REMOVE);
  const { set, bytes } = createWriter(vfio_iommu_spapr_tce_remove, port.abi);
  set.argsz(bytes.length);
  return (start) => {
    set.start_addr(start);
    return port.ioctl(container, request, bytes);
  };
}

interface Attempt {
  readonly shape: PossibleWindow;
  readonly pendingBytes: bigint;
  /** VmLck before the call. */
  readonly before: number | undefined;
}

function createRefused(
  port: KernelPort,
  result: number,
  { shape, pendingBytes, before }: Attempt,
): IommuError {
  const { overLimit, locked, limit } = lockedState(port, shape.tableBytes);
  const leaked = leakedBytes(before, locked, pendingBytes);
  return refusedByKernel(port.abi, {
    operation: CREATE,
    result,
    sentence: "the kernel did not make the window",
    facts: {
      pageSize: shape.pageSize,
      size: shape.size,
      levels: shape.levels,
      tableBytes: shape.tableBytes,
      leaked,
      locked,
      limit,
    },
    codes: {
      ENOMEM: overLimit ? "locked-memory-limit" : "out-of-memory",
      ENOSPC: "no-iova-space",
      // All else that is EINVAL was refused before: the firmware has fewer entries left.
      EINVAL: "no-iova-space",
    },
    hints: {
      ENOMEM: overLimit ? RAISE_LIMIT : "the kernel had no piece of that size: more levels help",
      EINVAL: "the firmware has fewer entries left: ask for a smaller window or larger pages",
      ENODEV: "the firmware refuses windows of this device until the next boot",
      EPERM:
        "the firmware has another window of this device, or a second group is in the container",
    },
  });
}

/** What the kernel charged for the window that it did not make: it never gives that back. */
function leakedBytes(
  before: number | undefined,
  after: number | undefined,
  pendingBytes: bigint,
): bigint | undefined {
  if (before === undefined || after === undefined) return undefined;
  const more = BigInt(after - before);
  // The default window may have been made on the way, and is no leak.
  return more > pendingBytes ? more - pendingBytes : 0n;
}

function refused({ code, sentence, hint }: ShapeRefusal): IommuError {
  return new IommuError({
    code,
    operation: "createWindow",
    sentence: `createWindow refused: ${sentence}`,
    hint,
  });
}

function elsewhere(asked: bigint, start: bigint): IommuError {
  return new IommuError({
    code: "no-iova-space",
    operation: "createWindow",
    sentence: "createWindow refused: the kernel would put the window elsewhere",
    facts: { asked, start },
    hint: "leave start out; to begin at 0, remove the default window first",
  });
}

function misplaced(start: bigint, place: Place): IommuError {
  return new IommuError({
    code: "kernel-misbehaved",
    operation: CREATE,
    sentence: "the kernel put the window where it should not be; it was removed again",
    facts: { start, expected: place.start },
  });
}
