// Brings a PE back to work, in PAPR's order: thaw MMIO then DMA, or reset, end it, configure.

import { IommuError, type KernelPort } from "@iommukit/core";
import { requireMilliseconds, requireOneOf, requireOptions } from "../arguments.ts";
import type { EehCalls } from "./calls.ts";
import { pause } from "./pause.ts";
import { type PeState, unfreezing } from "./states.ts";

/** How `Eeh.recover` brings the PE back. */
export interface RecoverOptions {
  /** `unfreeze` keeps the devices' state; a reset starts them afresh. Default `hot`. */
  readonly how?: "unfreeze" | "hot" | "fundamental";
  /** Milliseconds to wait for a PE that is unavailable. Default 60,000; PAPR allows five minutes. */
  readonly timeout?: number;
}

/** Milliseconds that a reset is asserted: PCI asks 100 (PCI Local Bus 3.0, Trst), PAPR 250. */
const RESET_HELD = 250;
/** Milliseconds between the end of a reset and the first access (PCI Express 2.0, 6.6.1: 1 s at most). */
const RESET_SETTLES = 1000;
const ASK_AGAIN = 100;

/** Valid errors: those of `Eeh` and `invalid-argument`; `kernel-refused` when the PE is not `normal` after it. */
export async function recover(
  port: KernelPort,
  calls: EehCalls,
  options: RecoverOptions = {},
): Promise<PeState> {
  requireOptions("recover", options, ["how", "timeout"]);
  const { how = "hot", timeout = 60_000 } = options;
  requireOneOf("recover", how, ["unfreeze", "hot", "fundamental"]);
  requireMilliseconds("recover", timeout, 0);
  const state = await available(port, calls, timeout);
  if (how === "unfreeze") unfreeze(calls, state);
  else await reset(port, calls, how);
  const after = await available(port, calls, timeout);
  if (after === "normal") return after;
  throw notBack(after);
}

function unfreeze(calls: EehCalls, state: PeState): void {
  const steps = unfreezing(state);
  if (steps === undefined) throw notBack(state);
  for (const step of steps) calls.perform(step);
}

async function reset(port: KernelPort, calls: EehCalls, how: "hot" | "fundamental"): Promise<void> {
  calls.perform(how === "hot" ? "hot-reset" : "fundamental-reset");
  await pause(port, RESET_HELD);
  calls.perform("end-reset");
  await pause(port, RESET_SETTLES);
  calls.perform("configure");
}

/** The state once the firmware is done with the PE, or as it is when the time is over. */
async function available(port: KernelPort, calls: EehCalls, timeout: number): Promise<PeState> {
  for (let waited = 0; ; waited += ASK_AGAIN) {
    const state = calls.readState();
    if (state !== "unavailable" || waited >= timeout) return state;
    await pause(port, ASK_AGAIN);
  }
}

function notBack(state: PeState): IommuError {
  return new IommuError({
    code: "kernel-refused",
    operation: "recover",
    sentence: `the PE did not come back: it is ${state}`,
    facts: { state },
    hint:
      state === "unavailable"
        ? "the firmware or the host has given it up: look at the host's log"
        : "recover it with how: 'fundamental'",
  });
}
