// MSI banks of one container: which is mapped where, since the driver answers 0 whatever it did.
//
// A bank is one page of interrupt registers (MSIIR aliases) for 256 vectors; its users can raise
// each other's. The kernel takes a device's MSI address from the bank windows that are mapped when
// MSI is enabled.

import { IommuError, type Iova, type ProbeContext, refusedByKernel } from "@iommukit/core";
import { createWriter } from "@iommukit/core/abi";
import { call, demandZero } from "./kernel-call.ts";
import { VFIO_DMA_MAP_FLAG_READ, VFIO_DMA_MAP_FLAG_WRITE } from "./uapi/dma.ts";
import {
  VFIO_IOMMU_PAMU_GET_MSI_BANK_COUNT,
  VFIO_IOMMU_PAMU_MAP_MSI_BANK,
  VFIO_IOMMU_PAMU_UNMAP_MSI_BANK,
  vfio_pamu_msi_bank_map,
  vfio_pamu_msi_bank_unmap,
} from "./uapi/msi.ts";

/** The window of one bank. */
export interface MsiWindow {
  readonly bank: number;
  readonly iova: Iova;
}

/** More than any QorIQ has (3 and 4), and few enough to place. */
const MOST_BANKS = 256;
const COUNT = "VFIO_IOMMU_PAMU_GET_MSI_BANK_COUNT";

export class MsiBanks {
  /** Banks that the SoC has. */
  readonly count: number;
  readonly #context: ProbeContext;
  readonly #windows = new Map<number, Iova>();

  constructor(context: ProbeContext) {
    this.#context = context;
    this.count = checkedBanks(context, call(context, VFIO_IOMMU_PAMU_GET_MSI_BANK_COUNT, 0));
  }

  /** By bank. */
  get windows(): readonly MsiWindow[] {
    return [...this.#windows]
      .map(([bank, iova]) => ({ bank, iova }))
      .sort((a, b) => a.bank - b.bank);
  }

  /** Valid errors: `invalid-argument`, `already-mapped`. */
  checkFree(bank: number): void {
    this.#checkBank("mapMsiBank", bank);
    const at = this.#windows.get(bank);
    if (at === undefined) return;
    throw new IommuError({
      code: "already-mapped",
      operation: "mapMsiBank",
      sentence: `mapMsiBank refused: MSI bank ${bank} has a window already`,
      facts: { bank, iova: at },
    });
  }

  /** The window is the caller's to reserve. Valid errors: those of `checkFree`; `kernel-refused`. */
  map(bank: number, iova: Iova): void {
    this.checkFree(bank);
    const { set, bytes } = createWriter(vfio_pamu_msi_bank_map, this.#context.port.abi);
    set.argsz(bytes.length);
    // The header knows no flags; without one of these the driver refuses, and answers 0.
    set.flags(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
    set.msi_bank_index(bank);
    set.iova(iova);
    const result = call(this.#context, VFIO_IOMMU_PAMU_MAP_MSI_BANK, bytes);
    demandZero(this.#context, "VFIO_IOMMU_PAMU_MAP_MSI_BANK", result, {
      sentence: "the driver did not map an MSI bank",
      facts: { bank, iova },
    });
    this.#windows.set(bank, iova);
  }

  /** Answers where it was. Valid errors: `invalid-argument`, `not-mapped`, `kernel-refused`. */
  unmap(bank: number): Iova {
    this.#checkBank("unmapMsiBank", bank);
    const iova = this.#windows.get(bank);
    if (iova === undefined)
      throw new IommuError({
        code: "not-mapped",
        operation: "unmapMsiBank",
        sentence: `unmapMsiBank refused: MSI bank ${bank} has no window`,
        facts: { bank },
      });
    const { set, bytes } = createWriter(vfio_pamu_msi_bank_unmap, this.#context.port.abi);
    set.argsz(bytes.length);
    // Exactly the address that was mapped: another is refused, and answered 0.
    set.iova(iova);
    const result = call(this.#context, VFIO_IOMMU_PAMU_UNMAP_MSI_BANK, bytes);
    demandZero(this.#context, "VFIO_IOMMU_PAMU_UNMAP_MSI_BANK", result, {
      sentence: "the driver did not unmap an MSI bank",
      facts: { bank, iova },
    });
    this.#windows.delete(bank);
    return iova;
  }

  /** The last bank mapped first. Every one is tried; the first failure is thrown. */
  unmapAll(): void {
    const failures: unknown[] = [];
    for (const bank of [...this.#windows.keys()].reverse())
      try {
        this.unmap(bank);
      } catch (error) {
        failures.push(error);
      }
    if (failures.length > 0) throw failures[0];
  }

  #checkBank(operation: string, bank: number): void {
    if (Number.isInteger(bank) && bank >= 0 && bank < this.count) return;
    throw new IommuError({
      code: "invalid-argument",
      operation,
      sentence: `${operation} refused: there is no MSI bank ${String(bank)}`,
      facts: { banks: this.count },
    });
  }
}

function checkedBanks({ port }: ProbeContext, result: number): number {
  if (result < 0)
    throw refusedByKernel(port.abi, {
      operation: COUNT,
      result,
      sentence: "the driver does not tell how many MSI banks there are",
    });
  if (Number.isInteger(result) && result <= MOST_BANKS) return result;
  throw new IommuError({
    code: "kernel-misbehaved",
    operation: COUNT,
    sentence: `the driver tells ${result} MSI banks, which no SoC has`,
  });
}
