// Which call goes wrong, and how: a plan is data, so that it can be generated, printed and shrunk.
//
// The first fault that matches a call is applied; each counts its own matching calls.

import type { CallName, PortCall } from "../trace/intercept.ts";

/** When a fault strikes. What is not said matches every call. */
export interface FaultTrigger {
  readonly call?: CallName;
  /** An ioctl request number, as the caller computes it. */
  readonly request?: number;
  /** A path, or how it begins if it ends in `*`. */
  readonly path?: string;
  /** The first matching call that goes wrong, counted from 1. Default 1. */
  readonly nth?: number;
  /** How many matching calls go wrong from there on. Default 1; Infinity is all. */
  readonly times?: number;
  /** Chance for each of those, drawn from the plan's seed. Default 1. */
  readonly chance?: number;
}

/** What happens. At most one of `instead` and `after` is used; both see the caller's own bytes. */
export interface FaultEffect {
  /** For people: what this does. */
  readonly name: string;
  /** The answer in place of the call, which is not made. */
  readonly instead?: (call: PortCall) => number;
  /** Changes what the call did or answered. Only for calls that answered a number. */
  readonly after?: (call: PortCall, answer: number, order: "little" | "big") => number;
  /** Changes a text that was read. */
  readonly text?: (text: string) => string;
  /** Turns of the event loop's microtasks that an asynchronous call waits before it is made. */
  readonly delay?: number;
}

/** One fault: when, and what. */
export interface Fault {
  readonly when: FaultTrigger;
  readonly what: FaultEffect;
}

/** All that goes wrong in one run. */
export interface FaultPlan {
  readonly faults: readonly Fault[];
  /** For `chance`. Default 1. */
  readonly seed?: number;
}

/** Whether a trigger speaks of this call, whatever its number. */
export function concerns(when: FaultTrigger, call: PortCall): boolean {
  if (when.call !== undefined && when.call !== call.name) return false;
  if (when.request !== undefined && when.request !== call.request) return false;
  return when.path === undefined || isPath(when.path, call.path);
}

function isPath(pattern: string, path: string | undefined): boolean {
  if (path === undefined) return false;
  return pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}
