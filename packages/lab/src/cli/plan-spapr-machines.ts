// What known POWER machines offer for windows, and what the options say otherwise.

import type { WindowOffer } from "@iommukit/spapr-tce";
import { LabError } from "../errors.ts";
import type { OptionValues } from "./command.ts";
import { number, text } from "./options.ts";
import { parseSize } from "./sizes.ts";

const GIB = 2n ** 30n;

/** As VFIO_IOMMU_SPAPR_TCE_GET_INFO answered: PHB4 and PHB3 under skiboot, an LPAR under QEMU 7.2. */
const MACHINES: Readonly<Record<string, WindowOffer>> = {
  powernv9: levelled(4096, 0x4021_1000n),
  "powernv9-64k": levelled(65_536, 0x4021_1000n),
  powernv8: levelled(65_536, 0x1101_1000n),
  pseries: {
    tables: "flat",
    kernelPageSize: 4096,
    pageSizes: 0x0121_1000n,
    windows: 2,
    levels: 1,
    defaultWindow: { start: 0n, size: GIB },
  },
};

function levelled(kernelPageSize: number, pageSizes: bigint): WindowOffer {
  return {
    tables: "levelled",
    kernelPageSize,
    pageSizes,
    windows: 2,
    levels: 5,
    defaultWindow: { start: 0n, size: 2n * GIB },
  };
}

/** Valid errors: `invalid-option`. */
export function offerOf(options: OptionValues): WindowOffer {
  const name = text(options, "machine") ?? "powernv9";
  const offer = Object.hasOwn(MACHINES, name) ? MACHINES[name] : undefined;
  if (offer === undefined)
    throw new LabError("invalid-option", `--machine ${name} is not known here`, {
      hint: `known are ${Object.keys(MACHINES).join(", ")}; the other options say what differs`,
    });
  const sizes = text(options, "page-sizes");
  const hostPage = text(options, "host-page");
  return {
    ...offer,
    levels:
      number(options, "levels", { least: 1, most: offer.levels, whole: true }) ?? offer.levels,
    windows: number(options, "windows", { least: 1, most: 2, whole: true }) ?? offer.windows,
    pageSizes: sizes === undefined ? offer.pageSizes : maskOf(sizes),
    kernelPageSize: hostPage === undefined ? offer.kernelPageSize : kernelPage(hostPage),
  };
}

/** Linux on POWER is built with pages of one of two sizes (PPC_4K_PAGES, PPC_64K_PAGES). */
function kernelPage(written: string): number {
  const size = Number(parseSize("host-page", written));
  if (size === 4096 || size === 65_536) return size;
  throw new LabError("invalid-option", `--host-page ${written} is no page of a kernel`, {
    hint: "4K or 64K",
  });
}

function maskOf(list: string): bigint {
  return list.split(",").reduce((mask, size) => mask | power("page-sizes", size), 0n);
}

function power(option: string, written: string): bigint {
  const size = BigInt(parseSize(option, written));
  if (size >= 4096n && (size & (size - 1n)) === 0n) return size;
  throw new LabError("invalid-option", `--${option} ${written} is no page size`, {
    hint: "powers of two from 4K",
  });
}
