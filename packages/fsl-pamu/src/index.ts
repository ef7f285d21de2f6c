// @iommukit/fsl-pamu: the QorIQ PAMU under the vendor's VFIO driver, and the planner of its windows.

export type { ApertureRequest } from "./aperture.ts";
export { applyPlan } from "./apply-plan.ts";
export { fslPamu } from "./backend.ts";
export { PAMU, type Pamu, type ResumeMethod } from "./extension.ts";
export type { MsiWindow } from "./msi-banks.ts";
export type { FslPamuOptions, PamuType } from "./options.ts";
export type { StashTarget } from "./stash.ts";
export { PAMU_UAPI } from "./uapi/index.ts";
export { type Layout, layoutConflicts } from "./window-plan/conflicts.ts";
export { planWindows } from "./window-plan/plan-windows.ts";
export type {
  MsiPlacement,
  MsiPolicy,
  PlanRefusal,
  RamRegion,
  WindowPlan,
  WindowPlanRequest,
} from "./window-plan/request.ts";
