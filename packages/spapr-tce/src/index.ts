// @iommukit/spapr-tce: the VFIO sPAPR TCE backend, versions 1 and 2, with EEH and the window planner.

export { type SpaprOptions, spaprTce } from "./backend.ts";
export { EEH, type Eeh, type ResetKind } from "./eeh/extension.ts";
export type { InjectedError, InjectedFunction } from "./eeh/injection.ts";
export type { RecoverOptions } from "./eeh/recover.ts";
export type { PeState } from "./eeh/states.ts";
export type { EehEvent, WatchOptions, WatchSignal } from "./eeh/watch.ts";
export type { WindowOffer } from "./offer.ts";
export { SPAPR, type Spapr } from "./offer-extension.ts";
export { applyPlan } from "./planner/apply.ts";
export type { PlanHelp } from "./planner/help.ts";
export { type PlanAnswer, type PlanRefusal, planWindows } from "./planner/plan.ts";
export type { MemoryRange, PlanRequest } from "./planner/request.ts";
export type { PlannedWindow, WindowPlan } from "./planner/search.ts";
export { SPAPR_UAPI } from "./uapi/index.ts";
export type { SpaprVersion } from "./version.ts";
export {
  type PossibleWindow,
  type ShapeAnswer,
  type ShapeRefusal,
  shapeWindow,
  type WantedWindow,
} from "./window-shape.ts";
