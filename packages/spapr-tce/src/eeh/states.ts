// The states of a partitionable endpoint (PE) and what may be done in each, as data.
//
// The numbers are PAPR's (ibm,read-slot-reset-state2), which VFIO_EEH_PE_GET_STATE answers. Pure.

import {
  VFIO_EEH_PE_CONFIGURE,
  VFIO_EEH_PE_DISABLE,
  VFIO_EEH_PE_ENABLE,
  VFIO_EEH_PE_INJECT_ERR,
  VFIO_EEH_PE_RESET_DEACTIVATE,
  VFIO_EEH_PE_RESET_FUNDAMENTAL,
  VFIO_EEH_PE_RESET_HOT,
  VFIO_EEH_PE_STATE_NORMAL,
  VFIO_EEH_PE_STATE_RESET,
  VFIO_EEH_PE_STATE_STOPPED,
  VFIO_EEH_PE_STATE_STOPPED_DMA,
  VFIO_EEH_PE_STATE_UNAVAIL,
  VFIO_EEH_PE_UNFREEZE_DMA,
  VFIO_EEH_PE_UNFREEZE_IO,
} from "../uapi/eeh.ts";

/**
 * What a PE's devices can do.
 *
 * - `normal`: everything.
 * - `reset-active`: nothing; a reset is asserted.
 * - `stopped`: nothing; loads answer all ones, stores and DMA are dropped.
 * - `dma-stopped`: their registers can be reached, their DMA is dropped.
 * - `unavailable`: nothing; the firmware or the host works on it, or gave it up.
 */
export type PeState = "normal" | "reset-active" | "stopped" | "dma-stopped" | "unavailable";

/** What can be done to a PE, beside reading its state. */
export type EehOperation =
  | "disable"
  | "enable"
  | "unfreeze-io"
  | "unfreeze-dma"
  | "end-reset"
  | "hot-reset"
  | "fundamental-reset"
  | "configure"
  | "inject-error";

/** States by the number that GET_STATE answers. */
export const PE_STATES: ReadonlyMap<number, PeState> = new Map([
  [VFIO_EEH_PE_STATE_NORMAL, "normal"],
  [VFIO_EEH_PE_STATE_RESET, "reset-active"],
  [VFIO_EEH_PE_STATE_STOPPED, "stopped"],
  [VFIO_EEH_PE_STATE_STOPPED_DMA, "dma-stopped"],
  [VFIO_EEH_PE_STATE_UNAVAIL, "unavailable"],
]);

/** The number of each operation. */
export const EEH_NUMBERS: Readonly<Record<EehOperation, number>> = {
  disable: VFIO_EEH_PE_DISABLE,
  enable: VFIO_EEH_PE_ENABLE,
  "unfreeze-io": VFIO_EEH_PE_UNFREEZE_IO,
  "unfreeze-dma": VFIO_EEH_PE_UNFREEZE_DMA,
  "end-reset": VFIO_EEH_PE_RESET_DEACTIVATE,
  "hot-reset": VFIO_EEH_PE_RESET_HOT,
  "fundamental-reset": VFIO_EEH_PE_RESET_FUNDAMENTAL,
  configure: VFIO_EEH_PE_CONFIGURE,
  "inject-error": VFIO_EEH_PE_INJECT_ERR,
};

const RESETS = ["hot-reset", "fundamental-reset", "end-reset"] as const;

/**
 * The operations that may be asked in each state.
 *
 * DMA is let go after MMIO and never before: with MMIO alone frozen powernv answers `unavailable`. A powernv
 * host freezes the PE to reset it, so a reset that is asserted reads `stopped` there and `reset-active` in
 * an LPAR. Errors are injected into a PE that works.
 */
export const ALLOWED: Readonly<Record<PeState, readonly EehOperation[]>> = {
  normal: [
    "disable",
    "enable",
    "unfreeze-io",
    "unfreeze-dma",
    ...RESETS,
    "configure",
    "inject-error",
  ],
  "reset-active": RESETS,
  stopped: ["enable", "unfreeze-io", ...RESETS, "configure"],
  "dma-stopped": ["enable", "unfreeze-io", "unfreeze-dma", ...RESETS, "configure"],
  unavailable: RESETS,
};

/** The operations that bring a PE from a state to work again without a reset, in order. */
export function unfreezing(state: PeState): readonly EehOperation[] | undefined {
  if (state === "normal") return [];
  if (state === "stopped") return ["unfreeze-io", "unfreeze-dma"];
  return state === "dma-stopped" ? ["unfreeze-dma"] : undefined;
}
