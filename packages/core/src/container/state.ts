// The legal states of a container and the moves between them, as data.
//
// The engine and the model tests read the same table, so that neither can allow what the other forbids.

import type { ContainerState } from "../contract/container.ts";
import { IommuError } from "../errors/base.ts";

/** For each state the states that may follow it (rule CL2). */
export const TRANSITIONS: Readonly<Record<ContainerState, readonly ContainerState[]>> = {
  // The last group of an enabled container left: the kernel forgot the IOMMU type too.
  opened: ["attached", "closed"],
  attached: ["enabled", "opened", "closed"],
  enabled: ["opened", "closed"],
  closed: [],
};

export class StateMachine {
  #state: ContainerState = "opened";

  get state(): ContainerState {
    return this.#state;
  }

  move(to: ContainerState): void {
    if (!TRANSITIONS[this.#state].includes(to))
      throw new IommuError({
        code: "wrong-state",
        operation: "container",
        sentence: `a container cannot go from ${this.#state} to ${to}`,
        facts: { state: this.#state, to },
      });
    this.#state = to;
  }

  /** Throws `closed` or `wrong-state` unless the container is in one of the states. */
  require(operation: string, ...allowed: readonly ContainerState[]): void {
    if (allowed.includes(this.#state)) return;
    if (this.#state === "closed")
      throw new IommuError({
        code: "closed",
        operation,
        sentence: `${operation} refused: the container was closed`,
      });
    throw new IommuError({
      code: "wrong-state",
      operation,
      sentence: `${operation} refused: the container is ${this.#state}`,
      facts: { state: this.#state, allowed: [...allowed] },
      hint: this.#state === "opened" ? "attach a group first" : undefined,
    });
  }
}
