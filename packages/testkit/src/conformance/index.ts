// @iommukit/testkit/conformance: the cases as data, and how one of them is run.

import type { IommuBackend } from "@iommukit/core";
import type { ConformanceCase } from "./case.ts";
import { DIRTY_CASES } from "./dirty.ts";
import { DYNAMIC_WINDOW_CASES } from "./dynamic-windows.ts";
import { LIFECYCLE_CASES } from "./lifecycle.ts";
import { LIVE_UPDATE_CASES } from "./live-update.ts";
import { MAPPING_CASES } from "./mapping.ts";
import { MEMORY_CASES } from "./memory.ts";
import { PLACING_CASES } from "./placing.ts";
import { REGISTRATION_CASES } from "./registration.ts";
import { UNMAPPING_CASES } from "./unmapping.ts";
import { type ConformanceSetup, World } from "./world.ts";

export type { ConformanceCase } from "./case.ts";
export type { ConformanceSetup, TestDevice } from "./world.ts";

/** Every case, in the order in which they are best read. */
export const CONFORMANCE_CASES: readonly ConformanceCase[] = Object.freeze([
  ...LIFECYCLE_CASES,
  ...MAPPING_CASES,
  ...UNMAPPING_CASES,
  ...PLACING_CASES,
  ...MEMORY_CASES,
  ...REGISTRATION_CASES,
  ...DYNAMIC_WINDOW_CASES,
  ...DIRTY_CASES,
  ...LIVE_UPDATE_CASES,
]);

/** Why a case is left out: it is about something that the backend does not offer here. */
export function notClaimed(
  each: ConformanceCase,
  setup: ConformanceSetup,
  backend: IommuBackend,
): string | undefined {
  if (each.claims === undefined) return undefined;
  const world = new World(setup, backend);
  const status = world.open().capabilities[each.claims];
  world.close();
  if (status === undefined) return `${each.claims} is not in the backend's record`;
  return status.offered ? undefined : status.reason;
}

/** Runs one case in a world of its own and closes all that it opened. Throws when a rule is broken. */
export async function runCase(
  each: ConformanceCase,
  setup: ConformanceSetup,
  backend: IommuBackend,
): Promise<void> {
  const world = new World(setup, backend);
  try {
    await each.run(world);
  } catch (error) {
    // The rule that broke is the news; what closing says after it would hide it.
    try {
      world.close();
    } catch {
      throw error;
    }
    throw error;
  }
  world.close();
}
