// Brings a planned layout into a container: geometry, windows, MSI banks; undone in reverse when a
// step fails.

import { bytes, type Container, IommuError } from "@iommukit/core";
import { PAMU, type Pamu } from "./extension.ts";
import { layoutConflicts } from "./window-plan/conflicts.ts";
import type { WindowPlan } from "./window-plan/request.ts";

/**
 * Replaces the container's aperture by the plan's and maps its MSI banks. RAM is then the caller's
 * to map, each region of `plan.ram` onto the host memory behind it: mapping it last lets devices
 * run only when all is there.
 *
 * Valid errors: `WINDOW_ERRORS`, `already-mapped`; `invalid-argument` for a plan that contradicts
 * itself or needs banks that there are not; `not-offered` under another backend. A plan that fails
 * leaves the container without MSI windows, and without an aperture if it was the aperture that was
 * refused; banks that could not be unmapped again are named by `kernel-misbehaved`.
 */
export function applyPlan(container: Container, plan: WindowPlan): void {
  const pamu = container.extension(PAMU);
  checkPlan(plan, pamu.msiBanks);
  const [present] = container.windows.list();
  if (present !== undefined) container.windows.remove(present);
  container.windows.create({
    start: plan.start,
    size: bytes(plan.last - plan.start + 1n),
    pageSize: Number(plan.windowSize),
  });
  const mapped: number[] = [];
  try {
    for (const { bank, iova } of plan.msi) {
      pamu.mapMsiBank(bank, iova);
      mapped.push(bank);
    }
  } catch (error) {
    throw givenBack(pamu, mapped.reverse(), error);
  }
}

/** The error that stopped the plan, or one that also says which banks could not be taken back. */
function givenBack(pamu: Pamu, banks: readonly number[], cause: unknown): unknown {
  const stuck = banks.filter((bank) => {
    try {
      pamu.unmapMsiBank(bank);
      return false;
    } catch {
      return true;
    }
  });
  if (stuck.length === 0) return cause;
  return new IommuError({
    code: "kernel-misbehaved",
    operation: "applyPlan",
    sentence: "applyPlan failed, and MSI banks that were mapped could not be unmapped",
    facts: { stillMapped: stuck.map(String) },
    cause,
  });
}

function checkPlan(plan: WindowPlan, banks: number): void {
  // A refusal that nobody looked at comes here too, from programs without types.
  if (Object(plan).kind !== "plan")
    throw new IommuError({
      code: "invalid-argument",
      operation: "applyPlan",
      sentence: "applyPlan refused: that is no plan",
      hint: "look at the kind that planWindows answered: a refusal says why there is none",
    });
  const wrong = [...layoutConflicts(plan), ...missingBanks(plan, banks), ...wrongEnd(plan)];
  if (wrong.length === 0) return;
  throw new IommuError({
    code: "invalid-argument",
    operation: "applyPlan",
    sentence: `applyPlan refused: ${wrong.join("; ")}`,
    facts: { conflicts: wrong },
  });
}

function missingBanks({ msi }: WindowPlan, banks: number): readonly string[] {
  if (!Array.isArray(msi)) return [];
  return msi
    .map((placement) => Object(placement).bank)
    .filter((bank) => !(Number.isInteger(bank) && bank >= 0 && bank < banks))
    .map((bank) => `there is no MSI bank ${String(bank)}, the SoC has ${banks}`);
}

/** The aperture is made from its two ends, and all else was checked by its windows. */
function wrongEnd({ start, last, windowSize, windows }: WindowPlan): readonly string[] {
  if (typeof last !== "bigint") return ["the aperture has no last address"];
  // What is wrong with these was told of the layout.
  if (typeof start !== "bigint" || typeof windowSize !== "bigint") return [];
  if (!Number.isInteger(windows) || last === start + windowSize * BigInt(windows) - 1n) return [];
  return ["the aperture's last address is not the end of its last window"];
}
