// A port on which a planned call goes wrong and all others work.
//
// It wraps any port, simulated or real, and lists what it did, so that a test can say that the fault
// was met at all.

import type { KernelPort } from "../kernel/port-types.ts";
import { SeededRandom } from "../memory/random.ts";
import { type Interceptor, interceptPort, type PortCall } from "../trace/intercept.ts";
import { concerns, type Fault, type FaultEffect, type FaultPlan } from "./plan.ts";

/** One fault that struck, and the call it struck. */
export interface FiredFault {
  readonly name: string;
  readonly call: PortCall;
}

/** A wrapped port and what went wrong on it. */
export interface FaultyPort {
  readonly port: KernelPort;
  /** The faults that struck, in order. */
  readonly fired: readonly FiredFault[];
}

/** Wraps a port so that the calls of the plan go wrong. */
export function faultyPort(port: KernelPort, plan: FaultPlan): FaultyPort {
  const fired: FiredFault[] = [];
  const choose = chooser(plan, fired);
  const order = port.abi.byteOrder;
  const injector: Interceptor = {
    around<T>(call: PortCall, run: () => T): T | number {
      const effect = choose(call);
      if (effect?.instead !== undefined) return effect.instead(call);
      const answer = run();
      return typeof answer === "number" ? (effect?.after?.(call, answer, order) ?? answer) : answer;
    },
    aroundText(call, run) {
      const effect = choose(call);
      if (effect?.instead !== undefined) return effect.instead(call);
      const answer = run();
      return typeof answer === "string" ? (effect?.text?.(answer) ?? answer) : answer;
    },
    async aroundAsync(call, run) {
      const effect = choose(call);
      for (let turn = 0; turn < (effect?.delay ?? 0); turn += 1) await Promise.resolve();
      if (effect?.instead !== undefined) return effect.instead(call);
      const answer = await run();
      return effect?.after?.(call, answer, order) ?? answer;
    },
  };
  return { port: interceptPort(port, injector), fired };
}

/** The effect for a call, or none; counts what each fault has seen. */
function chooser(
  plan: FaultPlan,
  fired: FiredFault[],
): (call: PortCall) => FaultEffect | undefined {
  const random = new SeededRandom(plan.seed ?? 1);
  const seen = new Map<Fault, number>();
  return (call) => {
    let chosen: FaultEffect | undefined;
    for (const fault of plan.faults) {
      if (!concerns(fault.when, call)) continue;
      const count = (seen.get(fault) ?? 0) + 1;
      seen.set(fault, count);
      if (chosen === undefined && isDue(fault, count, random)) chosen = fault.what;
    }
    if (chosen !== undefined) fired.push({ name: chosen.name, call });
    return chosen;
  };
}

function isDue({ when }: Fault, count: number, random: SeededRandom): boolean {
  const first = when.nth ?? 1;
  if (count < first || count >= first + (when.times ?? 1)) return false;
  return when.chance === undefined || random.next() < when.chance * 2 ** 32;
}
