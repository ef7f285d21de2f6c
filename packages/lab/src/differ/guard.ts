// Watches one sequence on a POWER machine for what single calls do not show: which later call would
// spoil the machine, and what is left to put right.
//
// It knows answers only, so it decides alike on both sides. A call that it refuses is not made.

import type { SpentMemory } from "./arena.ts";
import type { SpaprEnvironment } from "./environment.ts";
import type { CreateOp, EehOp, Op, Slot } from "./op.ts";
import { isPseries } from "./power-platform.ts";

const HIGH_BASE = 2n ** 59n;
const RESET_DEACTIVATE = 5;
const RESETS = [6, 7];

export class Guard {
  readonly #spent = { arena: false, huge: false };
  readonly #environment: SpaprEnvironment;
  /** Containers whose window at 0 was removed, and those that have a high one in its place. */
  readonly #withoutLow = new Set<Slot>();
  readonly #highInPlace = new Set<Slot>();
  readonly #inReset = new Set<Slot>();

  constructor(environment: SpaprEnvironment) {
    this.#environment = environment;
  }

  /**
   * On pseries a second high window is one that the firmware lacks: its failure ends all windows of
   * the group until the machine is booted again. There is room for a second only where the first one
   * took the place of the window at 0.
   */
  refuses({ op, ...rest }: Op): boolean {
    return (
      op === "create" &&
      isPseries(this.#environment) &&
      "fd" in rest &&
      this.#highInPlace.has(rest.fd)
    );
  }

  /** `argument`: the struct as it came back. */
  saw(op: Op, result: number, argument: Uint8Array | number): void {
    if (result !== 0) return;
    if (op.op === "create" && typeof argument !== "number") this.#created(op, startOf(argument));
    if (op.op === "remove") this.#removed(op.fd, BigInt(op.start));
    if (op.op === "eeh" && RESETS.includes(op.operation)) this.#inReset.add(op.fd);
    if (op.op === "eeh" && op.operation === RESET_DEACTIVATE) this.#inReset.delete(op.fd);
  }

  /** Told each op's whole result, as it is compared. */
  answered(op: Op, said: string): void {
    if (op.op !== "unregister" || !isLeftRegion(op, said)) return;
    this.#spent[op.vaddr.startsWith("huge+") ? "huge" : "arena"] = true;
  }

  /** Regions that were given back may have stayed: their memory must not be used again. */
  get spent(): SpentMemory {
    return this.#spent;
  }

  /** What ends resets that the sequence began and did not end. */
  get repairs(): readonly EehOp[] {
    return [...this.#inReset].map((fd) => ({
      op: "eeh",
      fd,
      argsz: 40,
      flags: 0,
      operation: RESET_DEACTIVATE,
      type: 0,
      func: 0,
    }));
  }

  #created({ fd }: CreateOp, start: bigint): void {
    if (start < HIGH_BASE) this.#withoutLow.delete(fd);
    else if (this.#withoutLow.has(fd)) this.#highInPlace.add(fd);
  }

  #removed(fd: Slot, start: bigint): void {
    if (start < HIGH_BASE) this.#withoutLow.add(fd);
    else this.#highInPlace.delete(fd);
  }
}

/** A region that was given back and freed nothing: another container has it, or it stays for ever. */
export function isLeftRegion({ op }: Op, said: string): boolean {
  return op === "unregister" && said === "0";
}

function startOf(argument: Uint8Array): bigint {
  return new DataView(argument.buffer, argument.byteOffset).getBigUint64(32, true);
}
