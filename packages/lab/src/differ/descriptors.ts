// The descriptors of one sequence, by slot; none is ever lost.

import type { KernelPort } from "@iommukit/core";
import type { Slot } from "./op.ts";

/** A device goes before its group, and a group before its container. */
const ORDER = ["d", "g", "c", "e"];
/** A descriptor that nobody has. */
const FAR = 9999;

export class Descriptors {
  readonly #port: KernelPort;
  readonly #slots = new Map<Slot, number>();
  /** Those whose slot was taken by another. */
  readonly #displaced: (readonly [Slot, number])[] = [];

  constructor(port: KernelPort) {
    this.#port = port;
  }

  get(slot: Slot): number {
    return slot === "far" ? FAR : (this.#slots.get(slot) ?? -1);
  }

  /** Puts a new descriptor into its slot; answers "fd" for it, whatever its number, or the errno. */
  keep(slot: Slot, result: number): string {
    if (result < 0) return String(result);
    const old = this.#slots.get(slot);
    if (old !== undefined) this.#displaced.push([slot, old]);
    this.#slots.set(slot, result);
    return "fd";
  }

  close(slot: Slot): number {
    const result = this.#port.close(this.get(slot));
    this.#slots.delete(slot);
    return result;
  }

  closeAll(): void {
    const all = [...this.#slots, ...this.#displaced];
    for (const kind of ORDER)
      for (const [slot, fd] of all) if (slot.startsWith(kind)) this.#port.close(fd);
    this.#slots.clear();
    this.#displaced.length = 0;
  }
}
