// A stack of compensations for an operation of several steps.
//
// Steps are undone in reverse order. A compensation that fails does not stop the others; its error
// is kept beside the one that started the undoing.

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
