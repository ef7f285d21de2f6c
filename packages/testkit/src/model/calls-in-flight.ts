// Which calls are in the kernel now, and the law that each new one is held to (I41).
//
// Bytes of a call are looked at only while another one is in flight: histories make millions of calls.

import { StructView } from "../kernel/decode/struct-view.ts";
import { DMA_MAP, DMA_UNMAP } from "../kernel/decode/type1.ts";
import type { KernelPort } from "../kernel/port-types.ts";
import { type ByteRange, type KernelCall, mayRunBeside } from "../laws/overlap.ts";
import type { PortCall } from "../trace/intercept.ts";

const UNMAP_ALL = 2;
const EVERYTHING: ByteRange = { first: 0n, end: 1n << 64n };

export class CallsInFlight {
  readonly #order: KernelPort["abi"]["byteOrder"];
  readonly #running = new Set<KernelCall>();
  /** Groups by their descriptors, and the descriptor of the container that each is in. */
  readonly #members = new Map<number, number>();

  constructor({ byteOrder }: KernelPort["abi"]) {
    this.#order = byteOrder;
  }

  /** Throws `LawBroken` when the call may not be made beside those that run. */
  check(title: string, call: PortCall): void {
    if (this.#running.size === 0) return;
    const known = this.#known(title, call);
    for (const running of this.#running) mayRunBeside(running, known, this.#members);
  }

  /** Until the answer's function is called, the call is in the kernel. */
  enter(title: string, call: PortCall): () => void {
    const known = this.#known(title, call);
    this.#running.add(known);
    return () => this.#running.delete(known);
  }

  /** Which group is in which container, from what the kernel answered. */
  learn(title: string, { fd = -1, argument }: PortCall, answer: unknown): void {
    if (title === "close") this.#members.delete(fd);
    if (answer !== 0) return;
    if (title === "VFIO_GROUP_SET_CONTAINER" && argument instanceof Uint8Array) {
      const table = { struct: "int", size: 4, fields: { container: { offset: 0, size: 4 } } };
      this.#members.set(fd, new StructView(table, argument, this.#order).s32("container"));
    }
    if (title === "VFIO_GROUP_UNSET_CONTAINER") this.#members.delete(fd);
  }

  #known(what: string, { fd = -1, argument }: PortCall): KernelCall {
    return {
      what,
      fd,
      range: argument instanceof Uint8Array ? this.#range(what, argument) : undefined,
    };
  }

  #range(what: string, bytes: Uint8Array): ByteRange | undefined {
    if (what === "VFIO_IOMMU_MAP_DMA") {
      const view = new StructView(DMA_MAP, bytes, this.#order);
      return { first: view.u64("iova"), end: view.u64("iova") + view.u64("size") };
    }
    if (what !== "VFIO_IOMMU_UNMAP_DMA") return undefined;
    const view = new StructView(DMA_UNMAP, bytes, this.#order);
    if ((view.u32("flags") & UNMAP_ALL) !== 0) return EVERYTHING;
    return { first: view.u64("iova"), end: view.u64("iova") + view.u64("size") };
  }
}
