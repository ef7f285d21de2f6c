// Runs sequences against a kernel: the same code on the simulated one and inside a guest.
//
// It holds every descriptor that a sequence opened and closes all of them afterwards, so that the next
// sequence finds the machine as this one did; the last result of each tells whether it does.

import type { SpentMemory } from "./arena.ts";
import { Descriptors } from "./descriptors.ts";
import { copyByDevice } from "./dma.ts";
import { encode, type IoctlOp, type Names } from "./encode.ts";
import { isSpapr } from "./environment.ts";
import { Guard } from "./guard.ts";
import { LockedMemory } from "./locked.ts";
import type { Machine } from "./machine.ts";
import type { Op, RangeOp, RegionOp, Sequence, Word64 } from "./op.ts";
import { changedBytes } from "./result.ts";
import { danger } from "./safety.ts";

const LIMIT = "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit";
const DEFAULT_LIMIT = 65_535;
const REGION_SHIFT = 40n;
const BITMAP_FILL = 0xaa;

export interface SequenceRun {
  /** One result for each op, and one for the state that is left when all is closed. */
  readonly results: readonly string[];
  /** What the kernel may keep of the arena: the next sequence needs other memory. */
  readonly spent: SpentMemory;
}

export function runSequence(machine: Machine, sequence: Sequence): SequenceRun {
  const run = new Run(machine);
  const results = sequence.map((op) => run.result(op));
  return { results: [...results, run.finish()], spent: run.spent };
}

class Run {
  readonly #machine: Machine;
  readonly #descriptors: Descriptors;
  readonly #names: Names;
  readonly #guard: Guard | undefined;
  readonly #memory: LockedMemory;
  readonly #lockedAtStart: number;
  #locked: number;
  #limited: boolean = false;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#descriptors = new Descriptors(machine.port);
    const { devices, environment } = machine;
    this.#guard = isSpapr(environment) ? new Guard(environment) : undefined;
    this.#names = {
      fdOf: (slot) => this.#descriptors.get(slot),
      addressOf: (word) => addressOf(machine, word),
      deviceName: (template) =>
        template
          .replace("{0}", devices[0])
          .replace("{1}", devices[1])
          .replace(/\{\*(\d+)\}/, (_, count: string) => "x".repeat(Number(count))),
    };
    this.#memory = new LockedMemory(machine.port);
    this.#locked = this.#memory.read();
    this.#lockedAtStart = this.#locked;
  }

  result(op: Op): string {
    const reason = danger(op, this.#machine.environment);
    if (reason !== undefined) throw new Error(`refused to run ${JSON.stringify(op)}: ${reason}`);
    if (this.#guard?.refuses(op) === true) return "not made";
    const said = this.#run(op);
    const change = this.#lockedChange();
    const all = change === 0 ? said : `${said} v${change > 0 ? "+" : ""}${change}`;
    this.#guard?.answered(op, all);
    return all;
  }

  get spent(): SpentMemory {
    return this.#guard?.spent ?? { arena: false, huge: false };
  }

  /** Group nodes can be opened again, nobody owns the groups, nothing is locked. */
  finish(): string {
    const { port, groups } = this.#machine;
    for (const op of this.#guard?.repairs ?? []) this.#ioctl(op);
    this.#descriptors.closeAll();
    if (this.#limited) port.writeText(LIMIT, `${DEFAULT_LIMIT}`);
    const states = groups.map((group) => {
      const fd = port.open(`/dev/vfio/${group}`, "rw");
      if (fd < 0) return String(fd);
      const status = encode(port.abi, { op: "status", fd: "", argsz: 8 }, this.#names);
      const result = port.ioctl(fd, status.request, status.argument);
      port.close(fd);
      return `${result}/${status.argument instanceof Uint8Array ? status.argument[4] : 0}`;
    });
    const locked = this.#memory.read() - this.#lockedAtStart;
    this.#memory.close();
    return `${states.join(" ")} locked ${locked}`;
  }

  #run(op: Op): string {
    const { port } = this.#machine;
    switch (op.op) {
      case "open":
        return this.#descriptors.keep(op.into, port.open(this.#pathOf(op.node), "rw"));
      case "eventfd":
        return this.#descriptors.keep(op.into, port.eventFd());
      case "close":
        return String(this.#descriptors.close(op.fd));
      case "limit":
        this.#limited = true;
        return String(port.writeText(LIMIT, String(op.value)));
      case "read":
      case "write":
        return this.#region(op);
      case "dma":
        return copyByDevice(this.#machine, this.#descriptors.get(op.fd), op);
      case "unmap":
      case "dirty":
        return op.bitmap === undefined ? this.#ioctl(op) : this.#withBitmap(op);
      default:
        return this.#ioctl(op);
    }
  }

  #pathOf(node: "container" | "group0" | "group1"): string {
    if (node === "container") return "/dev/vfio/vfio";
    return `/dev/vfio/${this.#machine.groups[node === "group0" ? 0 : 1]}`;
  }

  #ioctl(op: IoctlOp): string {
    const { port } = this.#machine;
    const { request, argument } = encode(port.abi, op, this.#names);
    const before = typeof argument === "number" ? undefined : argument.slice();
    const result = port.ioctl(this.#descriptors.get(op.fd), request, argument);
    this.#guard?.saw(op, result, argument);
    const said = op.op === "device" ? this.#descriptors.keep(op.into, result) : String(result);
    if (before === undefined || typeof argument === "number") return said;
    return said + changedBytes("w", before, argument);
  }

  #withBitmap(op: RangeOp): string {
    const { bits } = this.#machine.arena;
    bits.fill(BITMAP_FILL);
    const before = bits.slice();
    const said = this.#ioctl(op);
    return said + changedBytes("b", before, bits);
  }

  #region({ op, fd, region, offset, length, value = 0 }: RegionOp): string {
    const { port } = this.#machine;
    const at = (BigInt(region) << REGION_SHIFT) + BigInt(offset);
    const bytes = new Uint8Array(length).fill(op === "read" ? 0xee : 0);
    for (let index = 0; op === "write" && index < length; index++)
      bytes[index] = (value >>> (8 * (index % 4))) & 0xff;
    const before = bytes.slice();
    const file = this.#descriptors.get(fd);
    if (op === "write") return String(port.writeAt(file, bytes, at));
    return String(port.readAt(file, bytes, at)) + changedBytes("w", before, bytes);
  }

  #lockedChange(): number {
    const before = this.#locked;
    this.#locked = this.#memory.read();
    return this.#locked - before;
  }
}

function addressOf({ arena }: Machine, word: Word64): bigint {
  if (word.startsWith("arena+")) return arena.address + BigInt(word.slice(6));
  if (word.startsWith("huge+")) return arena.hugeAddress + BigInt(word.slice(5));
  return BigInt(word);
}
