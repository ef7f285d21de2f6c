// The simulated kernel's AMD-Vi driver: turns the unit on and gives out domains.
//
// It writes the device table into memory and submits invalidations through the command buffer; it
// never calls into the hardware model. A requester that is not attached has a valid entry without
// permissions, so each of its accesses faults.

import type { RegisterAccess } from "../../hardware/register-file.ts";
import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import type { FrameAllocation } from "../../memory/physical-memory-types.ts";
import { AmdCommands } from "./amdvi-commands.ts";
import { AmdDomain } from "./amdvi-domain.ts";
import { coveringPower } from "./covering-power.ts";
import type { IommuDriver, ReservedRegion } from "./domain.ts";
import type { DomainFlush, IotlbMode } from "./domain-pages.ts";
import { IdPool } from "./id-pool.ts";
import { type ExtraRegions, HYPERTRANSPORT_REGION, MSI_REGION } from "./reserved-regions.ts";

export interface AmdDriverOptions {
  readonly memory: PhysicalMemory;
  /** The unit's register page. */
  readonly registers: RegisterAccess;
  /** Default eager. */
  readonly iotlbMode?: IotlbMode;
  readonly extraRegions?: ExtraRegions;
  /** Whether the platform remaps interrupts. Default isolated. */
  readonly interrupts?: "isolated" | "shared";
}

const DEVICE_TABLE_BASE = 0x00;
const EVENT_LOG_BASE = 0x10;
const CONTROL = 0x18;
const EXTENDED_FEATURES = 0x30;
/** IommuEn, EventLogEn, CmdBufEn. */
const ENABLE = 1n | (1n << 2n) | (1n << 12n);
/** An entry has 32 bytes: all 65536 requesters take 2 MiB. */
const DEVICE_TABLE_FRAMES = 512;
/** Word 0 of an entry: V and TV, mode in bits 11..9. Word 1: IR and IW. */
const VALID = 0b11;
const READ_WRITE = 0b11 << 29;

export class AmdDriver implements IommuDriver {
  readonly name = "amdvi";
  readonly sysfsLink = "../0000:00:01.0/iommu/ivhd0";
  readonly interruptsIsolated: boolean;
  readonly #options: AmdDriverOptions;
  readonly #commands: AmdCommands;
  readonly #deviceTable: FrameAllocation;
  readonly #entries: DataView;
  readonly #eventFrame: number;
  readonly #ids = new IdPool(1, 0x1_0000);
  /** Domain id of each requester that is attached. */
  readonly #attached = new Map<number, number>();
  readonly #mostLevels: number;

  constructor(options: AmdDriverOptions) {
    const { memory, registers } = options;
    this.#options = options;
    this.interruptsIsolated = options.interrupts !== "shared";
    this.#mostLevels = 4 + Number((registers.read(EXTENDED_FEATURES, 8) >> 10n) & 3n); // HATS
    this.#deviceTable = memory.allocate(DEVICE_TABLE_FRAMES, "contiguous");
    this.#entries = new DataView(this.#deviceTable.bytes.buffer);
    this.#blockAll();
    const first = BigInt(this.#deviceTable.runs[0]?.firstFrame ?? 0);
    registers.write(DEVICE_TABLE_BASE, 8, (first << 12n) | BigInt(DEVICE_TABLE_FRAMES - 1));
    this.#eventFrame = memory.tables.allocate();
    registers.write(EVENT_LOG_BASE, 8, (BigInt(this.#eventFrame) << 12n) | (8n << 56n));
    this.#commands = new AmdCommands(memory.tables, registers);
    registers.write(CONTROL, 8, ENABLE);
    this.#commands.submit(AmdCommands.everything);
  }

  createDomain(): AmdDomain {
    const id = this.#ids.take();
    return new AmdDomain({
      id,
      host: {
        point: (requester, domain) => this.#point(requester, domain),
        block: (requester) => this.block(requester),
        release: (domain) => this.#ids.giveBack(domain.id),
      },
      arena: this.#options.memory.tables,
      mostLevels: this.#mostLevels,
      iotlbMode: this.#options.iotlbMode ?? "eager",
      flush: this.#flushOf(id),
    });
  }

  reservedRegions(requester: number): readonly ReservedRegion[] {
    const extra = this.#options.extraRegions?.get(requester) ?? [];
    return [...extra, MSI_REGION, HYPERTRANSPORT_REGION];
  }

  block(requester: number): void {
    const domain = this.#attached.get(requester);
    if (domain === undefined) return;
    this.#attached.delete(requester);
    this.#write(requester, [VALID, 0, 0, 0]);
    this.#commands.submit(AmdCommands.deviceEntry(requester), AmdCommands.allPages(domain));
  }

  /** Turns translation off and gives every frame back. All domains must be free. */
  shutDown(): void {
    this.#options.registers.write(CONTROL, 8, 0n);
    this.#options.memory.free(this.#deviceTable);
    this.#options.memory.tables.free(this.#eventFrame);
    this.#commands.free();
  }

  #point(requester: number, domain: AmdDomain): void {
    if (this.#attached.get(requester) !== domain.id) this.block(requester);
    const root = domain.rootFrame;
    const w0 = ((root % 0x10_0000) << 12) | (domain.levels << 9) | VALID;
    const w1 = READ_WRITE | Math.floor(root / 0x10_0000);
    this.#write(requester, [w0, w1, domain.id, 0]);
    this.#attached.set(requester, domain.id);
    this.#commands.submit(AmdCommands.deviceEntry(requester), AmdCommands.allPages(domain.id));
  }

  /** Word 0 holds V, so it is written last (2.2.2.2 asks for an order that is never half valid). */
  #write(requester: number, words: readonly [number, number, number, number]): void {
    const at = requester * 32;
    for (const index of [3, 2, 1, 0] as const)
      this.#entries.setUint32(at + 4 * index, words[index] >>> 0, true);
  }

  #blockAll(): void {
    const { bytes } = this.#deviceTable;
    bytes[0] = VALID;
    for (let filled = 32; filled < bytes.length; filled *= 2) bytes.copyWithin(filled, 0, filled);
  }

  #flushOf(domain: number): DomainFlush {
    return {
      range: (first, frames) => {
        const order = coveringPower(first, frames);
        const base = first - (first % 2 ** order);
        this.#commands.submit(AmdCommands.pages(domain, base, order));
      },
      everything: () => this.#commands.submit(AmdCommands.allPages(domain)),
    };
  }
}
