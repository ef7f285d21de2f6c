// VFIO_IOMMU_SPAPR_TCE_GET_INFO: the default window and what windows can be made of, checked.

import { IommuError, type ProbeContext, refusedByKernel } from "@iommukit/core";
import { createWriter, ioctlNumber } from "@iommukit/core/abi";
import { DEFAULT_PAGE, type WindowOffer } from "./offer.ts";
import { MOST_LEVELS, WINDOW_SLOTS } from "./offer-check.ts";
import { isPowerOfTwo } from "./table-size.ts";
import {
  VFIO_IOMMU_SPAPR_INFO_DDW,
  VFIO_IOMMU_SPAPR_TCE_GET_INFO,
  vfio_iommu_spapr_tce_info,
} from "./uapi/info.ts";

const OPERATION = "VFIO_IOMMU_SPAPR_TCE_GET_INFO";

interface Answer {
  readonly flags: number;
  readonly start: number;
  readonly size: number;
  readonly pageSizes: bigint;
  readonly windows: number;
  readonly levels: number;
}

/** The default window alone: all that v1 has. Valid errors: `kernel-refused`, `kernel-misbehaved`. */
export function readDefaultWindow(context: ProbeContext): WindowOffer["defaultWindow"] {
  return defaultWindow(ask(context));
}

/** What v2 offers. Valid errors: `kernel-refused`, `kernel-misbehaved`. */
export function readOffer(context: ProbeContext): WindowOffer {
  const answer = ask(context);
  if ((answer.flags & VFIO_IOMMU_SPAPR_INFO_DDW) === 0)
    throw misbehaved("v2 tells nothing of dynamic windows");
  const { pageSizes, levels, windows } = answer;
  // A group without tables once answered zeros (6af67f2ddfcb, fixed in 6.6).
  if ((pageSizes & BigInt(DEFAULT_PAGE)) === 0n || (pageSizes & BigInt(DEFAULT_PAGE - 1)) !== 0n)
    throw misbehaved("its page sizes lack 4 KiB, or hold less");
  if (levels < 1 || levels > MOST_LEVELS) throw misbehaved(`it has tables of ${levels} levels`);
  if (windows < 1) throw misbehaved("it has no window");
  return Object.freeze({
    // The LPAR's kernel offers one level, since its tables are the hypervisor's; powernv offers five.
    tables: levels === 1 ? "flat" : "levelled",
    kernelPageSize: context.port.abi.pageSize,
    pageSizes,
    // A firmware that does not tell is 2^32 - 1 (platforms/pseries/iommu.c, 6.12).
    windows: Math.min(windows, WINDOW_SLOTS),
    levels,
    defaultWindow: defaultWindow(answer),
  });
}

function ask({ port, container }: ProbeContext): Answer {
  const { set, get, bytes } = createWriter(vfio_iommu_spapr_tce_info, port.abi);
  set.argsz(bytes.length);
  const result = port.ioctl(container, ioctlNumber(port.abi, VFIO_IOMMU_SPAPR_TCE_GET_INFO), bytes);
  if (result !== 0)
    throw refusedByKernel(port.abi, {
      operation: OPERATION,
      result,
      sentence: "the kernel does not describe its windows",
    });
  return {
    flags: get.flags(),
    start: get.dma32_window_start(),
    size: get.dma32_window_size(),
    pageSizes: get.ddw.pgsizes(),
    windows: get.ddw.max_dynamic_windows_supported(),
    levels: get.ddw.levels(),
  };
}

function defaultWindow({ start, size }: Answer): WindowOffer["defaultWindow"] {
  if (size < DEFAULT_PAGE || !isPowerOfTwo(BigInt(size)) || start % size !== 0)
    throw misbehaved("its default window is empty, or no power of two");
  return { start: BigInt(start), size: BigInt(size) };
}

function misbehaved(why: string): IommuError {
  return new IommuError({
    code: "kernel-misbehaved",
    operation: OPERATION,
    sentence: `the kernel's answer contradicts itself: ${why}`,
  });
}
