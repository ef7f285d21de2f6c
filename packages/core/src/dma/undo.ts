// A stack of compensations for an operation of several steps.
//
// Steps are undone in reverse order. A compensation that fails does not stop the others; its error
// is kept beside the one that started the undoing.

import { IommuError } from "../errors/base.ts";

/** The error itself, or when undoing failed too, one that says what is left. */
export function undone(error: unknown, failures: readonly unknown[]): unknown {
  if (failures.length === 0) return error;
  return new IommuError({
    code: "kernel-misbehaved",
    operation: "undo",
    sentence: `an operation failed and ${failures.length} of its steps could not be undone`,
    facts: { failures: failures.map(String) },
    cause: error,
  });
}

export class UndoStack {
  readonly #steps: (() => void)[] = [];

  push(compensation: () => void): void {
    this.#steps.push(compensation);
  }

  /** The operation succeeded: nothing is to be undone any more. */
  commit(): void {
    this.#steps.length = 0;
  }

  /** Undoes all steps, last first. Answers what the compensations threw. */
  unwind(): readonly unknown[] {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        step();
      } catch (error) {
        failures.push(error);
      }
    }
    return failures;
  }
}
