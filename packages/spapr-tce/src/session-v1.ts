// One container under v1: one window, charged whole when it is enabled, and memory pinned by the map.

import {
  type BackendSession,
  checkExtension,
  type DmaWindow,
  formatSize,
  type IommuError,
  iova,
  type KernelPort,
  type Negotiation,
  type ProbeContext,
  refusedByKernel,
} from "@iommukit/core";
import { ioctlNumber } from "@iommukit/core/abi";
import { VFIO_EEH } from "@iommukit/core/uapi";
import { capabilitiesOf } from "./capabilities.ts";
import { eehExtension } from "./eeh/extension.ts";
import { readDefaultWindow } from "./info.ts";
import { lockedState, RAISE_LIMIT } from "./locked.ts";
import { createMap, createMapAsync } from "./map.ts";
import { DEFAULT_PAGE, type WindowOffer } from "./offer.ts";
import { VFIO_IOMMU_DISABLE, VFIO_IOMMU_ENABLE } from "./uapi/map.ts";
import { createClear, createUnmap, makeDefaultWindow } from "./unmap.ts";

export function createSessionV1(context: ProbeContext, negotiation: Negotiation): BackendSession {
  const { port, container } = context;
  const capabilities = capabilitiesOf(undefined, checkExtension(port, container, VFIO_EEH));
  const range = readDefaultWindow(context);
  const windows = Object.freeze([defaultWindow(range)]);
  enable(context, range.size);
  const clear = createClear(context);
  makeTable(context, clear, range);
  const map = createMap(context, 1, () => undefined, clear);
  const session: BackendSession = {
    negotiation,
    capabilities,
    readWindows: () => windows,
    readMappingsAvailable: () => undefined,
    map,
    mapAsync: createMapAsync(context, map, clear),
    unmap: createUnmap(context, clear),
    oneGroup: "sPAPR TCE v1 takes one group",
    close: () => disable(context),
    extensions: (extension) => eehExtension(context, extension),
  };
  return Object.freeze(session);
}

/** Enabled now and not with the first map, so that what it charges is refused where it can be explained. */
function enable({ port, container }: ProbeContext, charge: bigint): void {
  const result = port.ioctl(container, ioctlNumber(port.abi, VFIO_IOMMU_ENABLE), 0);
  if (result !== 0) throw enableRefused(port, result, charge);
}

/** The table too is made now; a container that cannot have it is disabled again. */
function makeTable(
  { port, container }: ProbeContext,
  clear: Parameters<typeof makeDefaultWindow>[1],
  { start, size }: WindowOffer["defaultWindow"],
): void {
  try {
    // A powernv table is 16 bytes for each page of 4 KiB, an LPAR's 8: v1 does not tell which it is.
    makeDefaultWindow(port, clear, start, (size / BigInt(DEFAULT_PAGE)) * 16n);
  } catch (error) {
    port.ioctl(container, ioctlNumber(port.abi, VFIO_IOMMU_DISABLE), 0);
    throw error;
  }
}

/** Gives back what enabling charged; the table's charge goes with the group. */
function disable({ port, container }: ProbeContext): void {
  const result = port.ioctl(container, ioctlNumber(port.abi, VFIO_IOMMU_DISABLE), 0);
  if (result !== 0)
    throw refusedByKernel(port.abi, {
      operation: "VFIO_IOMMU_DISABLE",
      result,
      sentence: "the kernel did not disable the window",
    });
}

function enableRefused(port: KernelPort, result: number, charge: bigint): IommuError {
  const { overLimit, locked, limit } = lockedState(port, charge);
  return refusedByKernel(port.abi, {
    operation: "VFIO_IOMMU_ENABLE",
    result,
    sentence: "the kernel does not enable the window",
    facts: { charge, locked, limit },
    codes: { ENOMEM: overLimit ? "locked-memory-limit" : "out-of-memory" },
    hints: {
      ENOMEM: `v1 charges the whole window, ${formatSize(charge)}, whatever is mapped: ${RAISE_LIMIT}`,
      EPERM: "the group has no window below 4 GiB",
    },
  });
}

function defaultWindow({ start, size }: WindowOffer["defaultWindow"]): DmaWindow {
  return Object.freeze({
    kind: "fixed",
    start: iova(start),
    last: iova(start + size - 1n),
    pageSize: DEFAULT_PAGE,
    hardwarePageSizes: BigInt(DEFAULT_PAGE),
  });
}
