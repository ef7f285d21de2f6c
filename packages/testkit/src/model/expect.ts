// What the model expects of maps and unmaps: every reason to refuse, in no order.
//
// Which of several reasons a caller is told is the library's choice; that there is one is not.

import { type DmaAccess, isIommuError } from "@iommukit/core";
import type { Model, ModelMapping, Pages } from "./model.ts";
import type { Refusal } from "./outcome.ts";
import type { LiveContainer, World } from "./world.ts";

const TOP = 2 ** 52;

/** Calls on a container that is not enabled. */
export function lifeRefusals({ model }: LiveContainer): readonly Refusal[] {
  if (model.state === "closed") return [{ code: "closed", law: "I26" }];
  return model.state === "opened" ? [{ code: "wrong-state", law: "I18" }] : [];
}

/** What the ledger must refuse by itself. */
export function mapRefusals(
  live: LiveContainer,
  mapping: ModelMapping,
  mappingsNeeded = 1,
): readonly Refusal[] {
  const life = lifeRefusals(live);
  if (life.length > 0) return life;
  const { model } = live;
  const refusals: Refusal[] = [];
  if (mapping.access === "write" && !mayMapWriteOnly(live))
    refusals.push({ code: "not-offered", law: "I4" });
  if (mapping.pages === 0) return [...refusals, { code: "zero-size", law: "I14" }];
  if (mapping.hostPage + mapping.pages > TOP || mapping.first >= TOP)
    refusals.push({ code: "invalid-address", law: "I14" });
  if (!model.hasWindowFor(mapping)) refusals.push({ code: "outside-window", law: "I11" });
  if (model.meeting(mapping).length > 0) refusals.push({ code: "already-mapped", law: "I30" });
  if (model.mappings.length + mappingsNeeded > model.mappingLimit)
    refusals.push({ code: "mapping-limit", law: "I39" });
  return refusals;
}

/** What only the kernel can know: memory that is not there, and the limit of locked pages. */
export function pinRefusals(model: Model, parts: readonly Pages[]): readonly Refusal[] {
  if (model.pinning === "registrations") return [];
  const refusals: Refusal[] = [];
  const total = parts.reduce((sum, { pages }) => sum + pages, 0);
  if (parts.some((part) => !model.hasMemory(part)))
    refusals.push({ code: "memory-fault", law: "I16", by: "kernel" });
  if (model.lockedPages + total > model.lockedLimit)
    refusals.push(
      { code: "locked-memory-limit", law: "I39", by: "kernel" },
      { code: "out-of-memory", law: "I39", by: "kernel" },
    );
  return refusals;
}

/** Memory that must be registered before it is mapped, and is not. */
function registrationRefusals(
  model: Model,
  live: LiveContainer,
  parts: readonly Pages[],
): readonly Refusal[] {
  if (model.pinning === "mappings" || live.model.state !== "enabled") return [];
  const missing = parts.some((part) => part.pages > 0 && !live.model.hasRegistered(part));
  return missing ? [{ code: "memory-not-registered", law: "I16" }] : [];
}

/** Whether a mapping that only the device writes may be made here. */
function mayMapWriteOnly({ container, model }: LiveContainer): boolean {
  return model.acceptsReadableWrites || container.capabilities["write-only"]?.offered === true;
}

/** Every reason to refuse one map. */
export function allMapRefusals(
  model: Model,
  live: LiveContainer,
  mapping: ModelMapping,
): readonly Refusal[] {
  const host = { first: mapping.hostPage, pages: mapping.pages };
  return [
    ...mapRefusals(live, mapping),
    ...registrationRefusals(model, live, [host]),
    ...pinRefusals(model, [host]),
  ];
}

/** Every reason to refuse one unmap. */
export function unmapRefusals(live: LiveContainer, range: Pages): readonly Refusal[] {
  const life = lifeRefusals(live);
  if (life.length > 0) return life;
  const { model } = live;
  if (range.pages === 0) return [{ code: "zero-size", law: "I14" }];
  if (range.first >= TOP) return [{ code: "invalid-address", law: "I14" }];
  if (!model.hasWindowFor(range)) return [{ code: "outside-window", law: "I11" }];
  const met = model.meeting(range);
  if (met.length === 0) return [{ code: "not-mapped", law: "I17" }];
  const cut = met.some(
    ({ first, pages }) => first < range.first || first + pages > range.first + range.pages,
  );
  return cut ? [{ code: "splits-mapping", law: "I17" }] : [];
}

export function mappingOf(range: Pages, hostPage: number, access: DmaAccess): ModelMapping {
  return { first: range.first, pages: range.pages, hostPage, access };
}

/**
 * Undoing met a fault too: the error says so, and what could not be taken back counts as mapped. The
 * laws of the step then hold the kernel to it.
 */
export function keepWhatWasNotUndone(
  world: World,
  live: LiveContainer,
  parts: readonly ModelMapping[],
): void {
  const { lastError } = world;
  if (!isIommuError(lastError, "kernel-misbehaved") || lastError.operation !== "undo") return;
  const kept = new Set(live.container.dma.mappings().map(({ iova }) => Number(iova / 4096n)));
  for (const part of parts) if (kept.has(part.first)) live.model.add(part);
}
