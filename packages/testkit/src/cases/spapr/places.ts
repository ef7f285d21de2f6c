// Sizes and places of the sPAPR cases, as the tables name them, and what depends on the platform.

import type { Bench } from "../bench.ts";

/** 4 KiB: a page of the default window, whatever the kernel's own page is. */
export const K = 4096n;
export const M: bigint = 1n << 20n;
/** Bus address of the second window. */
export const W1: bigint = 1n << 59n;
export const GIB: bigint = 1n << 30n;
export const HUGE: bigint = 2n * M;

/** What differs between machines, in KiB of locked memory. */
export interface Charges {
  /** The default window's table. */
  readonly window: number;
  /** What ENABLE of version 1 counts. */
  readonly enable: number;
  /** KiB of the kernel's page. */
  readonly page: number;
}

const METAL = { window: 8192, enable: 2_097_152 };
const LPAR = { window: 2048, enable: 1_048_576 };
const EEH = 5;

export function chargesOf(bench: Bench): Charges {
  const page = bench.port.abi.pageSize / 1024;
  return { ...(isBareMetal(bench) ? METAL : LPAR), page };
}

/** Of the container that the case has open. */
function isBareMetal(bench: Bench): boolean {
  return bench.call("container", 1, EEH) === 1;
}

/** The kernel's page, which is the unit of registration. */
export function pageOf(bench: Bench): bigint {
  return BigInt(bench.port.abi.pageSize);
}

/** One answer for kernels with pages of 4 KiB and another for 64 KiB. */
export function byPage(four: string, sixtyFour: string): (bench: Bench) => string {
  return (bench) => (bench.port.abi.pageSize === 4096 ? four : sixtyFour);
}

/** One answer on bare metal and another in an LPAR. */
export function byPlatform(metal: string, lpar: string): (bench: Bench) => string {
  return (bench) => (isBareMetal(bench) ? metal : lpar);
}
