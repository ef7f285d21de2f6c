// Linux 6.12's only PAMU domain: every LIODN has 64 GiB to themselves. No map, so no isolation.
//
// fsl_pamu_domain.c since 5.13. VFIO's Type1 cannot use it: iommu_map answers -ENODEV (pamu.md 2.2).

import { EINVAL, ENODEV } from "../../errno.ts";
import { isLiodn } from "./domain.ts";
import { APERTURE_END, type LiodnTables } from "./liodn-tables.ts";
import type { PamuSoc } from "./soc.ts";
import { STASH_L1, stashId } from "./stash.ts";

export class MainlineDomain {
  readonly #tables: LiodnTables;
  readonly #soc: PamuSoc;
  readonly #liodns = new Set<number>();

  constructor(tables: LiodnTables, soc: PamuSoc) {
    this.#tables = tables;
    this.#soc = soc;
  }

  /** 0 or ENODEV. Written twice, first with nothing allowed, then valid. */
  attach(liodn: number): number {
    if (!isLiodn(liodn)) return -ENODEV;
    this.#tables.setFixedWindow(liodn, { read: false, write: false });
    this.#tables.setFixedWindow(liodn, { read: true, write: true });
    this.#tables.setValid(liodn, true);
    this.#liodns.add(liodn);
    return 0;
  }

  /** The device is blocked: it does not get its boot-time window back. */
  detach(liodn: number): void {
    this.#tables.setValid(liodn, false);
    this.#liodns.delete(liodn);
  }

  /** There is no such operation. */
  map(): number {
    return -ENODEV;
  }

  iovaToPhys(iova: number): number {
    return iova < APERTURE_END ? iova : 0;
  }

  /** fsl_pamu_configure_l1_stash: 0 or EINVAL. */
  setL1Stash(cpu: number): number {
    const cacheId = stashId(this.#soc, cpu, STASH_L1);
    if (cacheId === undefined) return -EINVAL;
    for (const liodn of this.#liodns) this.#tables.setStash(liodn, 0, cacheId);
    return 0;
  }
}
