// Which POWER platform a machine is, from what it answered.

import type { SpaprEnvironment } from "./environment.ts";

/** An LPAR's tables have one level: a hypervisor owns them. */
export function isPseries({ levels }: SpaprEnvironment): boolean {
  return levels === 1;
}
