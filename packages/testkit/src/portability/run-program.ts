// Runs portable programs on a simulated machine and writes down what they saw: answers, and what the
// device reached.
//
// Two machines agree when their records are equal. Nothing in a record depends on the machine: no
// address that a kernel chose, no size of a window. Programs that follow each other share a container,
// which each of them leaves empty: opening one takes longer than a program.

import {
  bytes,
  type Container,
  createIommu,
  type DmaMemory,
  type Iommu,
  type IommuBackend,
  type Iova,
  iova,
  isIommuError,
  type MemoryRegistration,
} from "@iommukit/core";
import { type EduDriver, openEdu } from "../drivers/edu-driver.ts";
import type { SimulatedHost } from "../machines/simulated-host.ts";
import { type Operation, PLACES, SLOTS } from "./program.ts";

/** A machine to run on; the host is used for many programs. */
export interface PortableTarget {
  readonly name: string;
  readonly host: SimulatedHost;
  readonly backend: IommuBackend;
}

const GROUP = 2;
const DEVICE = "0000:00:02.0";
const PAGE = 4096;
const SIZE = BigInt(PAGE);
/** Where the device reads and writes in a page. */
const AT = 64;
/** Outside of every window: interrupts on x86, above the first window of the others. */
const NOWHERE = 0xfee0_0000n;
/** A cast's worth of each: values that are no addresses, and ranges that no window has. */
const BAD: readonly (readonly [at: unknown, size: unknown])[] = [
  [-1n, SIZE],
  [1.5, SIZE],
  ["0", SIZE],
  [0n, 0n],
  [0n, -SIZE],
  [1n, SIZE],
  [0n, 1n],
  [2048n, SIZE],
  [NOWHERE, SIZE],
  [NOWHERE, 0n],
  [1n << 64n, SIZE],
  [(1n << 64n) - SIZE, SIZE],
];

interface Slot {
  memory: DmaMemory | undefined;
  /** What was asked for, of 4 KiB: a kernel with larger pages gives more. */
  pages: number;
  registration: MemoryRegistration | undefined;
}

/** What each program saw: one entry for each operation, and two for its end. */
export function runPrograms(
  target: PortableTarget,
  programs: readonly (readonly Operation[])[],
): readonly (readonly string[])[] {
  const run = new Run(target);
  const seen = programs.map((program) => [
    ...program.map((operation) => run.attempt(operation)),
    run.reach(),
    run.tidy(),
  ]);
  return [...seen, [run.end()]];
}

class Run {
  readonly #target: PortableTarget;
  readonly #iommu: Iommu;
  readonly #slots: readonly Slot[];
  #container: Container;
  #edu: EduDriver | undefined;

  constructor(target: PortableTarget) {
    this.#target = target;
    this.#iommu = createIommu(target.host.port);
    this.#slots = Array.from({ length: SLOTS }, () => ({
      memory: undefined,
      pages: 0,
      registration: undefined,
    }));
    this.#container = this.#open();
  }

  attempt(operation: Operation): string {
    try {
      return this.#perform(operation);
    } catch (error) {
      if (!isIommuError(error)) throw error;
      return error.code;
    }
  }

  /** For each page that the device can read: what is there, and whether it can write too. */
  reach(): string {
    const dma = this.#target.host.dma(DEVICE);
    const reached: string[] = [];
    const seen = new Uint8Array(1);
    for (let page = 0; page < PLACES + 8; page++) {
      const address = BigInt(page * PAGE + AT);
      if (dma.read(address, seen).moved === 0) {
        if (dma.write(address, Uint8Array.of(0xff)).moved > 0) reached.push(`${page}: write only`);
        continue;
      }
      const writable = dma.write(address, seen).moved === 1;
      reached.push(`${page}${writable ? "w" : "r"}${seen[0]}`);
    }
    return `reached ${reached.join(" ")}`;
  }

  /** What memory held; then nothing is mapped, registered or allocated, and nothing pinned. */
  tidy(): string {
    const held = this.#slots.map(({ memory, pages }) =>
      memory === undefined ? "-" : digest(memory.bytes.subarray(0, pages * PAGE)),
    );
    this.#container.dma.unmapAll();
    for (const slot of this.#slots) {
      slot.registration?.close();
      slot.memory?.close();
      slot.registration = undefined;
      slot.memory = undefined;
    }
    const { inspect } = this.#target.host;
    const strays = inspect.strayAccesses().length;
    return `held ${held.join(" ")}, pinned ${inspect.pinnedPages()}, strays ${strays}`;
  }

  /** Closes the container; whether anything is left. */
  end(): string {
    this.#container.close();
    const { inspect } = this.#target.host;
    inspect.faults();
    return `left ${inspect.openDescriptors().length} ${inspect.lockedBytes()}`;
  }

  #open(): Container {
    const { backend } = this.#target;
    return this.#iommu.openContainer({ groups: [GROUP], backends: [backend] });
  }

  #perform(operation: Operation): string {
    switch (operation.do) {
      case "allocate":
        return this.#allocate(operation.slot, operation.pages);
      case "free":
        return this.#free(operation.slot);
      case "register":
        return this.#register(operation.slot);
      case "unregister":
        return this.#unregister(operation.slot);
      case "map":
        return this.#map(operation);
      case "unmap":
        this.#container.dma.unmap(at(operation.at), bytes(operation.pages * PAGE));
        return "unmapped";
      case "write":
        return this.#write(operation.at, operation.value);
      case "copy":
        return this.#copy(operation.from, operation.to);
      case "bad":
        return this.#bad(operation.which);
      case "lookup":
        return `${this.#container.dma.lookup(at(operation.at))?.size ?? "nothing"}`;
      default:
        return this.#whole(operation.do);
    }
  }

  #whole(what: "unmapAll" | "mappings" | "reopen"): string {
    if (what === "unmapAll") return `${this.#container.dma.unmapAll()} bytes`;
    if (what === "mappings") {
      const list = this.#container.dma.mappings();
      return list.map(({ iova: start, size, access }) => `${start}+${size} ${access}`).join(", ");
    }
    this.#container.close();
    this.#edu = undefined;
    for (const each of this.#slots) each.registration = undefined;
    this.#container = this.#open();
    return "opened";
  }

  #allocate(index: number, pages: number): string {
    const slot = this.#slots[index];
    if (slot === undefined || slot.memory !== undefined) return "there is memory";
    slot.memory = this.#iommu.allocate(bytes(pages * PAGE));
    slot.pages = pages;
    for (let page = 0; page < pages; page++)
      slot.memory.bytes.fill(1 + 16 * index + page, page * PAGE, (page + 1) * PAGE);
    return "allocated";
  }

  #free(index: number): string {
    const slot = this.#slots[index];
    if (slot?.memory === undefined) return "no memory";
    slot.memory.close();
    slot.memory = undefined;
    return "freed";
  }

  /** Whole allocations, so that every page size of the host is a multiple of what is registered. */
  #register(index: number): string {
    const slot = this.#slots[index];
    if (slot?.memory === undefined) return "no memory";
    const { address, size } = slot.memory;
    const registration = this.#container.memory.register(address, size);
    slot.registration = registration;
    return "registered";
  }

  #unregister(index: number): string {
    const slot = this.#slots[index];
    if (slot?.registration === undefined) return "not registered";
    slot.registration.close();
    slot.registration = undefined;
    return "unregistered";
  }

  #map(operation: Extract<Operation, { do: "map" }>): string {
    const slot = this.#slots[operation.slot];
    if (slot?.memory === undefined || slot.registration === undefined) return "not registered";
    const page = operation.page % slot.pages;
    const count = Math.min(operation.pages, slot.pages - page);
    // cast: an address inside of memory is one; the constructor only repeats the check
    const host = (slot.memory.address + BigInt(page * PAGE)) as DmaMemory["address"];
    this.#container.dma.map(at(operation.at), host, bytes(count * PAGE), operation.access);
    return "mapped";
  }

  #write(page: number, value: number): string {
    const address = BigInt(page * PAGE + AT);
    const moved = this.#target.host.dma(DEVICE).write(address, Uint8Array.of(value)).moved;
    return moved === 1 ? "written" : "blocked";
  }

  /** Through the device's own registers, as a driver does. */
  #copy(from: number, to: number): string {
    this.#edu ??= openEdu(this.#container.openDevice(DEVICE));
    this.#edu.copy(at(from), at(to), 128);
    return "copied";
  }

  #bad(which: number): string {
    const [start, size] = BAD[which % BAD.length] ?? [];
    const memory = this.#slots[0]?.memory;
    if (memory === undefined) return "no memory";
    const { dma } = this.#container;
    const mapped = this.#code(() =>
      Reflect.apply(dma.map, undefined, [start, memory.address, size, "read-write"]),
    );
    return `${mapped}, ${this.#code(() => Reflect.apply(dma.unmap, undefined, [start, size]))}`;
  }

  #code(action: () => unknown): string {
    try {
      action();
      return "done";
    } catch (error) {
      if (!isIommuError(error)) throw error;
      return error.code;
    }
  }
}

function at(page: number): Iova {
  return iova(BigInt(page * PAGE));
}

/** FNV-1a over every byte that a device could have changed. */
function digest(content: Uint8Array): string {
  let hash = 0x811c_9dc5;
  for (let page = 0; page < content.length; page += PAGE)
    for (let index = page; index < page + 256; index++)
      hash = Math.imul(hash ^ (content[index] ?? 0), 0x0100_0193);
  return (hash >>> 0).toString(16);
}
