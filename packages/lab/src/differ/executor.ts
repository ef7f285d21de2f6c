// Runs sequences against a kernel: the same code on the simulated one and inside a guest.
//
// It holds every descriptor that a sequence opened and closes all of them afterwards, so that the next
// sequence finds the machine as this one did; the last result of each tells whether it does.

import { Descriptors } from "./descriptors.ts";
import { copyByDevice } from "./dma.ts";
import { encode, type Names } from "./encode.ts";
import type { Machine } from "./machine.ts";
import type { Op, RangeOp, RegionOp, Sequence } from "./op.ts";
import { changedBytes, lockedKib } from "./result.ts";
import { danger } from "./safety.ts";

const LIMIT = "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit";
const DEFAULT_LIMIT = 65_535;
const REGION_SHIFT = 40n;
const BITMAP_FILL = 0xaa;

/** One result for each op, and one for the state that is left when all is closed. */
export function runSequence(machine: Machine, sequence: Sequence): readonly string[] {
  const run = new Run(machine);
  const results = sequence.map((op) => run.result(op));
  return [...results, run.finish()];
}

class Run {
  readonly #machine: Machine;
  readonly #descriptors: Descriptors;
  readonly #names: Names;
  readonly #lockedAtStart: number;
  #locked: number;
  #limited: boolean = false;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#descriptors = new Descriptors(machine.port);
    const { devices, arena } = machine;
    this.#names = {
      fdOf: (slot) => this.#descriptors.get(slot),
      addressOf: (word) =>
        word.startsWith("arena+") ? arena.address + BigInt(word.slice(6)) : BigInt(word),
      deviceName: (template) =>
        template
          .replace("{0}", devices[0])
          .replace("{1}", devices[1])
          .replace(/\{\*(\d+)\}/, (_, count: string) => "x".repeat(Number(count))),
    };
    this.#locked = this.#readLocked();
    this.#lockedAtStart = this.#locked;
  }

  result(op: Op): string {
    const reason = danger(op, this.#machine.environment);
    if (reason !== undefined) throw new Error(`refused to run ${JSON.stringify(op)}: ${reason}`);
    return `${this.#run(op)}${this.#lockedChange()}`;
  }

  /** Group nodes can be opened again, nobody owns the groups, nothing is locked. */
  finish(): string {
    const { port, groups } = this.#machine;
    this.#descriptors.closeAll();
    if (this.#limited) port.writeText(LIMIT, `${DEFAULT_LIMIT}`);
    const states = groups.map((group) => {
      const fd = port.open(`/dev/vfio/${group}`, "rw");
      if (fd < 0) return String(fd);
      const status = encode({ op: "status", fd: "", argsz: 8 }, this.#names);
      const result = port.ioctl(fd, status.request, status.argument);
      port.close(fd);
      return `${result}/${status.argument instanceof Uint8Array ? status.argument[4] : 0}`;
    });
    return `${states.join(" ")} locked ${this.#readLocked() - this.#lockedAtStart}`;
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

  #ioctl(op: Parameters<typeof encode>[0]): string {
    const { request, argument } = encode(op, this.#names);
    const before = typeof argument === "number" ? undefined : argument.slice();
    const result = this.#machine.port.ioctl(this.#descriptors.get(op.fd), request, argument);
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

  #lockedChange(): string {
    const locked = this.#readLocked();
    const change = locked - this.#locked;
    this.#locked = locked;
    return change === 0 ? "" : ` v${change > 0 ? "+" : ""}${change}`;
  }

  #readLocked(): number {
    return lockedKib(this.#machine.port.readText("/proc/self/status"));
  }
}
