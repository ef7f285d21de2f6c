// A container on a simulated PAMU beside the simplest model of it: what each window holds, and
// nothing else.
//
// After every step the ledger, the kernel and the devices are asked; a device that was blocked by
// the asking is resumed. A stray access cuts a device off on this hardware, so asking is part of
// the history.

import {
  bytes,
  type Container,
  createIommu,
  type DmaMemory,
  hostPlus,
  iova,
  iovaPlus,
} from "@iommukit/core";
import { fslPamu, PAMU, type Pamu } from "@iommukit/fsl-pamu";
import {
  type PamuMachineOptions,
  pamu,
  type SimulatedHost,
  simulatedHost,
} from "@iommukit/testkit";
import { DEVICE, OTHER_DEVICE, PAGE } from "./raw-pamu.ts";

export const WINDOWS = 16;
const PAGES = 24;
const START = 16 * PAGE;
/** MSIIR aliases lie at this offset of their page on both SoCs, 8 bytes apart. */
const ALIAS: Readonly<Record<"p4080" | "t4240", number>> = { p4080: 0x140, t4240: 0x148 };

type Access = "read" | "write" | "read-write";
type Held =
  | { readonly kind: "ram"; readonly page: number; readonly access: Access; readonly first: number }
  | { readonly kind: "msi"; readonly bank: number };

export interface HistoryMachine {
  readonly soc: "p4080" | "t4240";
  readonly mode: NonNullable<PamuMachineOptions["mode"]>;
}

export class HistoryWorld {
  readonly host: SimulatedHost;
  readonly container: Container;
  readonly pamu: Pamu;
  readonly held: (Held | undefined)[] = Array.from({ length: WINDOWS }, () => undefined);
  readonly #machine: HistoryMachine;
  readonly #memory: DmaMemory;
  /** Sizes of mappings, by the window they begin at. */
  readonly #sizes = new Map<number, number>();

  constructor(machine: HistoryMachine) {
    this.#machine = machine;
    this.host = simulatedHost(pamu(machine));
    const iommu = createIommu(this.host.port);
    const aperture = { start: iova(START), size: bytes(WINDOWS * PAGE), windowSize: bytes(PAGE) };
    this.container = iommu.openContainer({
      groups: [2],
      backends: [fslPamu({ type: 7, aperture })],
    });
    this.pamu = this.container.extension(PAMU);
    this.#memory = iommu.allocate(PAGES * PAGE);
    for (let page = 0; page < PAGES; page++) this.#memory.bytes[page * PAGE] = page + 1;
  }

  get live(): number {
    return this.#sizes.size;
  }

  at(window: number): ReturnType<typeof iova> {
    return iova(START + window * PAGE);
  }

  /** Answers whether the ledger may take it, and does it if so. */
  map(window: number, count: number, page: number, access: Access): string {
    const free = window + count <= WINDOWS && this.held.slice(window, window + count).every(isFree);
    const expected = window + count > WINDOWS ? "outside-window" : "already-mapped";
    const host = hostPlus(this.#memory.address, page * PAGE);
    const code = attempt(() =>
      this.container.dma.map(this.at(window), host, bytes(count * PAGE), access),
    );
    if (!free) return code === expected ? "" : `map answered ${code} and not ${expected}`;
    for (let i = 0; i < count; i++)
      this.held[window + i] = { kind: "ram", page: page + i, access, first: window };
    this.#sizes.set(window, count);
    return code === "done" ? "" : `map of free windows answered ${code}`;
  }

  /** Unmaps whatever mapping a window is part of: all of it, or a part, which must be refused. */
  unmap(window: number, whole: boolean): string {
    const held = this.held[window];
    if (held?.kind !== "ram") {
      const code = attempt(() => this.container.dma.unmap(this.at(window), bytes(PAGE)));
      return code === "not-mapped" ? "" : `unmap of nothing answered ${code}`;
    }
    const size = this.#sizes.get(held.first) ?? 0;
    if (!whole && size > 1) {
      const code = attempt(() => this.container.dma.unmap(this.at(held.first), bytes(PAGE)));
      return code === "splits-mapping" ? "" : `unmap of a part answered ${code}`;
    }
    const code = attempt(() => this.container.dma.unmap(this.at(held.first), bytes(size * PAGE)));
    this.held.fill(undefined, held.first, held.first + size);
    this.#sizes.delete(held.first);
    return code === "done" ? "" : `unmap answered ${code}`;
  }

  mapBank(bank: number, window: number): string {
    const isMapped = this.held.some((held) => held?.kind === "msi" && held.bank === bank);
    const allowed = !isMapped && isFree(this.held[window]);
    const code = attempt(() => this.pamu.mapMsiBank(bank, this.at(window)));
    if (!allowed) return code === "already-mapped" ? "" : `mapMsiBank answered ${code}`;
    this.held[window] = { kind: "msi", bank };
    return code === "done" ? "" : `mapMsiBank of a free window answered ${code}`;
  }

  unmapBank(bank: number): string {
    const window = this.held.findIndex((held) => held?.kind === "msi" && held.bank === bank);
    const code = attempt(() => this.pamu.unmapMsiBank(bank));
    if (window < 0) return code === "not-mapped" ? "" : `unmapMsiBank answered ${code}`;
    this.held[window] = undefined;
    return code === "done" ? "" : `unmapMsiBank answered ${code}`;
  }

  /** The second group comes, or goes. Coming needs a free window while something is mapped. */
  toggleGroup(): string {
    const { control } = this.container;
    if (control.groups.includes(3)) return expectDone(attempt(() => control.detach(3)));
    const mustFail =
      this.#machine.mode === "sdk-compat" || this.live > 0 ? this.live > 0 && this.isFull : false;
    const code = attempt(() => control.attach(3));
    if (mustFail) return code === "no-iova-space" ? "" : `attach answered ${code}`;
    return expectDone(code);
  }

  get isFull(): boolean {
    return !this.held.some(isFree);
  }

  stash(cpu: number, cache: "L1" | "L2" | "L3"): string {
    return expectDone(attempt(() => this.pamu.setStash({ cpu, cache })));
  }

  /** The ledger, the kernel's list and what this window leads to, for each device. */
  check(window: number): string {
    const size = [...this.#sizes.values()].reduce((sum, count) => sum + count, 0) * PAGE;
    const ledger = this.container.dma.mappings();
    if (ledger.length !== this.live) return `the ledger has ${ledger.length}, not ${this.live}`;
    const kernel = this.host.inspect.mappings().reduce((sum, each) => sum + Number(each.size), 0);
    if (kernel !== size) return `the kernel has ${kernel} bytes, not ${size}`;
    // A group that is not in the container is the kernel's business: the vendor's gives it all memory back.
    for (const group of this.container.control.groups) {
      const device = group === 2 ? DEVICE : OTHER_DEVICE;
      const wrong = this.#checkDevice(device, window);
      if (wrong !== "") return `${device}, window ${window}: ${wrong}`;
    }
    return "";
  }

  close(): string {
    this.container.close();
    this.#memory.close();
    const { inspect } = this.host;
    const left = inspect.openDescriptors().length + inspect.pinnedPages() + inspect.lockedBytes();
    return left === 0 ? "" : `${left} left behind`;
  }

  #checkDevice(device: string, window: number): string {
    const held = this.live > 0 ? this.held[window] : undefined;
    const wrong =
      held?.kind === "msi"
        ? this.#checkBank(device, held.bank, window)
        : this.#checkRam(device, held, window);
    this.#resume();
    return wrong;
  }

  #checkRam(device: string, held: Held | undefined, window: number): string {
    const ram = held?.kind === "ram" ? held : undefined;
    const read = new Uint8Array(1);
    this.host.inspect.faults();
    this.host.dma(device).read(this.at(window), read);
    const mayRead = ram !== undefined && ram.access !== "write";
    const isRead = this.host.inspect.faults().length === 0;
    if (isRead !== mayRead) return isRead ? "it reads what it may not" : "it cannot read";
    if (ram !== undefined && mayRead && read[0] !== ram.page + 1)
      return `it reads page ${(read[0] ?? 0) - 1}, not ${ram.page}`;
    // A read that was stopped has cut the device off; writing is another matter.
    this.#resume();
    return this.#checkWrite(device, ram, window);
  }

  #checkWrite(
    device: string,
    ram: Extract<Held, { kind: "ram" }> | undefined,
    window: number,
  ): string {
    const expected = this.#memory.bytes.slice();
    const mark = ((ram?.page ?? 0) + 100) & 0xff;
    this.host.dma(device).write(iovaPlus(this.at(window), 8n), Uint8Array.of(mark, window));
    const mayWrite = ram !== undefined && ram.access !== "read";
    if (mayWrite) expected.set([mark, window], ram.page * PAGE + 8);
    if (Buffer.compare(expected, this.#memory.bytes) === 0) return "";
    return mayWrite ? "it does not write where it may" : "it wrote where it may not";
  }

  #checkBank(device: string, bank: number, window: number): string {
    this.host.inspect.faults();
    const at = this.at(window) + BigInt(ALIAS[this.#machine.soc]);
    this.host.dma(device).write(at, Uint8Array.of(0, 0, 0, 0));
    return this.host.inspect.faults().length === 0 ? "" : `it does not reach MSI bank ${bank}`;
  }

  #resume(): void {
    const how = this.#machine.mode === "strict" || this.isFull ? "remap" : "enable";
    this.pamu.resume(how);
  }
}

function isFree(held: Held | undefined): boolean {
  return held === undefined;
}

function expectDone(code: string): string {
  return code === "done" ? "" : `it answered ${code}`;
}

function attempt(action: () => unknown): string {
  try {
    action();
    return "done";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}
