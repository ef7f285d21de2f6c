// What the machine's devices reach, one byte at a time, beside what the model says they may.
//
// A byte that is written or read must be the one behind the address (P3), and nothing else is (P4); an
// access that is stopped cuts the device off.

import type { Block, PamuModel } from "./pamu-model.ts";
import type { PamuReady } from "./pamu-ready.ts";
import type { PamuStep } from "./pamu-steps.ts";

/** The devices of the machine, with their groups. */
const DEVICES = [
  { address: "0000:00:02.0", group: 2 },
  { address: "0000:00:03.0", group: 3 },
  { address: "0000:00:04.0", group: 4 },
  { address: "0000:00:04.1", group: 4 },
] as const;
/** Instead of a block: the page of an MSI bank. */
const MSI_PAGE = -1;

const PAGE = 4096;

export class PamuDevices {
  readonly #ready: PamuReady;
  readonly #model: PamuModel;
  readonly #blocks: readonly Block[];

  constructor(ready: PamuReady, model: PamuModel, blocks: readonly Block[]) {
    this.#ready = ready;
    this.#model = model;
    this.#blocks = blocks;
  }

  /** Throws when the device reaches what it may not, or not what it may. */
  access(step: PamuStep & { kind: "access" }): void {
    const place = DEVICES[step.device];
    if (place === undefined) throw new Error(`there is no device ${step.device}`);
    const iova = this.#addressOf(step);
    if (iova < 0) return;
    const { access } = step;
    const due = this.#target(place.group, iova, access);
    const memory = due === undefined ? undefined : this.#blocks[due.block]?.bytes;
    const at = due?.offset ?? 0;
    const mark = (Math.imul(iova, 31) >>> 3) & 0xff;
    if (memory !== undefined) memory[at] = access === "read" ? mark : ~mark & 0xff;
    const { moved, seen } = this.#oneByte(place.address, iova, access, mark);
    if (due?.block === MSI_PAGE) return;
    const where = `${place.address} ${access}s 0x${iova.toString(16)}`;
    if ((moved === 1) !== (due !== undefined)) throw new Error(`P3: ${where}: ${moved}`);
    if (due === undefined) this.#cutOff(place.group);
    else if ((access === "read" ? seen : memory?.[at]) !== mark)
      throw new Error(`P3: ${where} and meets other memory`);
  }

  #addressOf({ where, window, inside }: PamuStep & { kind: "access" }): number {
    const used = this.#model.windowsInUse;
    const nth = where === "used" ? used[window % Math.max(1, used.length)] : undefined;
    return this.#model.windowAddress(nth ?? window) + inside;
  }

  /** Reads or writes one byte under a device's identity. */
  #oneByte(
    device: string,
    iova: number,
    access: "read" | "write",
    mark: number,
  ): { readonly moved: number; readonly seen: number | undefined } {
    const { host, driver } = this.#ready;
    const dma = host.dma(device);
    const byte = Uint8Array.of(access === "write" ? mark : 0);
    const { moved } = dma[access](BigInt(iova), byte);
    driver.messages.takeRaised();
    host.inspect.faults();
    return { moved, seen: byte[0] };
  }

  /** The byte of the process that an address leads to, or undefined where it is stopped. */
  #target(
    group: number,
    iova: number,
    access: "read" | "write",
  ): { readonly block: number; readonly offset: number } | undefined {
    const at = this.#model.at(iova);
    const held = at?.window;
    if (at === undefined || held === undefined || !this.#model.isOn(group)) return undefined;
    if ((held.flags & (access === "read" ? 1 : 2)) === 0) return undefined;
    if (held.kind === "ram") return { block: held.block, offset: held.offset + at.inside };
    return at.inside < PAGE ? { block: MSI_PAGE, offset: at.inside } : undefined;
  }

  /** A device whose V was set loses it; one that is not running has nothing to lose. */
  #cutOff(group: number): void {
    if (this.#model.isOn(group)) this.#model.cutOff.add(group);
  }
}
