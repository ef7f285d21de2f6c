// @iommukit/testkit/cases: the numbered cases of docs/semantics/, for any kernel behind a port.

import type { Case } from "./case.ts";
import { DEVICE_CASES } from "./device.ts";
import { DIRTY_CASES } from "./dirty.ts";
import { GET_INFO_CASES } from "./get-info.ts";
import { INTERRUPT_CASES } from "./interrupts.ts";
import { LIFETIME_CASES } from "./lifetime.ts";
import { MAP_CASES } from "./map.ts";
import { MAP_LIMIT_CASES } from "./map-limits.ts";
import { PROTOCOL_CASES } from "./protocol.ts";
import { UNMAP_CASES } from "./unmap.ts";
import { VADDR_CASES } from "./vaddr.ts";

export type { Case, Environment, Step } from "./case.ts";
export type {
  Abilities,
  CaseDevice,
  CaseHost,
  ForkRequest,
  MemoryFile,
  OtherMemory,
  OtherPort,
  OtherProcess,
} from "./host.ts";
export { type CaseResult, runCase } from "./run-case.ts";
export { simulatedCaseHost } from "./simulated.ts";
export { SPAPR_CASES } from "./spapr/index.ts";

/** Sections 7.1 to 7.7, by number. */
export const CASES: readonly Case[] = Object.freeze(
  [
    ...PROTOCOL_CASES,
    ...LIFETIME_CASES,
    ...GET_INFO_CASES,
    ...MAP_CASES,
    ...MAP_LIMIT_CASES,
    ...UNMAP_CASES,
    ...VADDR_CASES,
    ...DIRTY_CASES,
    ...DEVICE_CASES,
    ...INTERRUPT_CASES,
  ].sort((a, b) => a.number - b.number),
);
