// What `openContainer` takes, checked before the first call: a misspelt weakness is not consent.

import type {
  AcceptedWeakness,
  OpenContainerOptions,
  Requirements,
} from "../contract/container.ts";
import { badOption, checkOptions } from "../errors/options.ts";

const OPERATION = "openContainer";
const WEAKNESSES: readonly AcceptedWeakness[] = [
  "write-implies-read",
  "unsafe-interrupts",
  "no-isolation",
];

/** The same options with every member there. Valid errors: `invalid-argument`. */
export function checkedOptions(given: OpenContainerOptions): Required<OpenContainerOptions> {
  const options = checkOptions(OPERATION, given, ["groups", "backends", "require", "accept"]);
  const { groups, backends, accept = [] } = options;
  checkGroups(groups);
  checkBackends(backends);
  if (!Array.isArray(accept)) throw badOption(OPERATION, "accept is an array of weaknesses");
  for (const weakness of accept)
    if (!WEAKNESSES.includes(weakness))
      throw badOption(
        OPERATION,
        `${text(weakness)} is no weakness; there are ${WEAKNESSES.join(", ")}`,
      );
  return { groups, backends, accept, require: checkedRequirements(options.require) };
}

/** Group numbers are the kernel's `int`, not negative. */
export function isGroupNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
}

function checkGroups(groups: unknown): asserts groups is readonly number[] {
  if (!Array.isArray(groups)) throw badOption(OPERATION, "groups is an array of group numbers");
  if (groups.length === 0) throw badOption(OPERATION, "it needs at least one group");
  for (const group of groups)
    if (!isGroupNumber(group)) throw badOption(OPERATION, `${text(group)} is no group number`);
  if (new Set(groups).size !== groups.length) throw badOption(OPERATION, "a group is listed twice");
}

function checkBackends(backends: unknown): asserts backends is OpenContainerOptions["backends"] {
  if (!Array.isArray(backends) || backends.length === 0)
    throw badOption(OPERATION, "it needs at least one backend, for example type1()");
  for (const backend of backends) {
    const { name, probe, open } = Object(backend);
    if (typeof name !== "string" || typeof probe !== "function" || typeof open !== "function")
      throw badOption(
        OPERATION,
        "a backend has a name, a probe and an open; type1() is one, type1 is not",
      );
  }
}

function checkedRequirements(given: Requirements | undefined): Requirements {
  const required = checkOptions(OPERATION, given, ["capabilities", "pageSize", "windowSize"]);
  const { capabilities = [], pageSize, windowSize } = required;
  if (!Array.isArray(capabilities) || capabilities.some((name) => typeof name !== "string"))
    throw badOption(OPERATION, "require.capabilities is an array of names");
  if (pageSize !== undefined && !(Number.isSafeInteger(pageSize) && pageSize > 0))
    throw badOption(OPERATION, "require.pageSize is a number of bytes");
  if (windowSize !== undefined && !isBytes(windowSize))
    throw badOption(OPERATION, "require.windowSize is a number of bytes");
  return required;
}

/** Up to 2^64, which no `ByteSize` can say: a window may be all of the space. */
function isBytes(value: unknown): boolean {
  if (typeof value === "bigint") return value > 0n && value <= 1n << 64n;
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

function text(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
