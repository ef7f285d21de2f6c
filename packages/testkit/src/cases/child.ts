// The second process of a case: forked once, with memory of its own by name.

import type { Abilities, OtherMemory, OtherPort, OtherProcess } from "./host.ts";

export class Child {
  readonly #abilities: Abilities;
  readonly #memories = new Map<string, OtherMemory>();
  #process: OtherProcess | undefined;

  constructor(abilities: Abilities) {
    this.#abilities = abilities;
  }

  /** `lockedPages`: how many pages it may lock. */
  fork(descriptors: readonly number[], lockedPages?: number): void {
    // One that was forgotten would keep the descriptors that it shares.
    if (this.#process !== undefined) throw new Error("the case has a child already");
    this.#process = this.#abilities.fork?.({ descriptors, lockedPages });
  }

  get port(): OtherPort {
    if (this.#process === undefined) throw new Error("the case has no child");
    return this.#process.port;
  }

  addMemory(name: string, length: number): void {
    const memory = this.port.mapMemory({ length });
    if (typeof memory === "number") throw new Error(`the child's mapMemory answers ${memory}`);
    this.#memories.set(name, memory);
  }

  memory(name: string): OtherMemory | undefined {
    return this.#memories.get(name);
  }

  /** Its memory goes with it. */
  exit(): void {
    const child = this.#process;
    this.#process = undefined;
    this.#memories.clear();
    child?.exit();
  }
}
