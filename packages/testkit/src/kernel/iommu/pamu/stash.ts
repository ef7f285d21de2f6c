// The stash id of a cache: what a CPU's write-allocating DMA is put into.
//
// The kernel finds it as `cache-stash-id` in the device tree; the numbers are U-Boot's: L1 2·core + 32,
// L2 2·core + 33, the platform cache (L3) 1. On e6500 one L2 serves the eight threads of four cores.

import type { PamuSoc } from "./soc.ts";

/** Cache levels of the ABI. */
export const STASH_L1 = 1;
export const STASH_L2 = 2;
export const STASH_L3 = 3;
const PLATFORM_CACHE = 1;
const FIRST_L1 = 32;
const FIRST_L2 = 33;
const THREADS_PER_E6500_CORE = 2;

/** The stash id, or undefined when the SoC has no such CPU or cache. */
export function stashId(soc: PamuSoc, cpu: number, cache: number): number | undefined {
  if (cache === STASH_L3) return PLATFORM_CACHE;
  if (cpu >= soc.cpus) return undefined;
  if (cache === STASH_L1) return FIRST_L1 + 2 * coreOf(soc, cpu);
  if (cache === STASH_L2) return FIRST_L2 + l2Of(soc, cpu);
  return undefined;
}

function coreOf(soc: PamuSoc, cpu: number): number {
  return soc.cpusPerL2 === 1 ? cpu : Math.floor(cpu / THREADS_PER_E6500_CORE);
}

/** Per core on e500mc; on e6500 a quarter of the number of the cluster's first thread. */
function l2Of(soc: PamuSoc, cpu: number): number {
  if (soc.cpusPerL2 === 1) return 2 * cpu;
  return (Math.floor(cpu / soc.cpusPerL2) * soc.cpusPerL2) / 4;
}
