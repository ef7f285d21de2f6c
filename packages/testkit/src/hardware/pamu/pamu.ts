// One PAMU: its registers, its view of the three tables, and the transactions it lets through.
//
// It is programmed as on silicon: through its register block and through tables in memory.

import type { PhysicalMemory } from "../../memory/physical-memory.ts";
import type { MutableStatistics } from "../fault-log.ts";
import { BLOCKED } from "../iommu-hardware.ts";
import { RegisterFile } from "../register-file.ts";
import { type BitError, EccStatus } from "./ecc.ts";
import {
  attributesOf,
  ENTRY_BYTES,
  hasCacheId,
  OPERATION_ENTRY_BYTES,
  type TransactionAttributes,
  WORD_2,
} from "./entry-words.ts";
import { look } from "./lookup.ts";
import { Lookup } from "./lookup-state.ts";
import * as register from "./registers.ts";
import { type PamuRegisterName, pamuRegisters } from "./registers.ts";
import type { PamuCapabilities, PamuErrata } from "./soc.ts";
import { PamuStatus } from "./status.ts";
import { PamuTable, type Place } from "./table.ts";
import { DISABLED, GATE_CLOSED, PRIMARY_INVALID, UNREADABLE } from "./violations.ts";
import { type WordRegisters, wordRegisters } from "./word-registers.ts";

/** Stash ids as U-Boot numbers them: the L1 cache of core n is 32 + 2n, its L2 cache 33 + 2n. */
const FIRST_L1_CACHE = 32;

export interface PamuOptions {
  readonly memory: PhysicalMemory;
  readonly capabilities: PamuCapabilities;
  readonly errata: PamuErrata;
  /** Whether fetches from a table that begins in this frame see every store, or what a cache kept. */
  readonly isSnooped: (baseFrame: number) => boolean;
  /** Called when one of the two interrupts may have changed its level. */
  readonly onStatus: () => void;
  readonly onDiagnostic: (sentence: string) => void;
  readonly statistics: MutableStatistics;
}

/** A table, its base and limit registers, and its cache's switch in PC. */
interface PlacedTable {
  readonly table: PamuTable;
  readonly registers: readonly [
    baseHigh: PamuRegisterName,
    baseLow: PamuRegisterName,
    limitHigh: PamuRegisterName,
    limitLow: PamuRegisterName,
  ];
  readonly cacheSwitch: number;
}

export class Pamu {
  readonly registers: WordRegisters;
  readonly status: PamuStatus;
  readonly #ecc: EccStatus;
  readonly #options: PamuOptions;
  readonly #statistics: MutableStatistics;
  readonly #file: RegisterFile<PamuRegisterName>;
  readonly #tables: readonly PlacedTable[];
  readonly #lookup: Lookup;
  #lastCode = 0;
  /** Base registers as they were last taken over. */
  readonly #bases = new Map<PamuRegisterName, bigint>();

  constructor(options: PamuOptions) {
    this.#options = options;
    this.#statistics = options.statistics;
    const { memory, capabilities } = options;
    this.#file = new RegisterFile(pamuRegisters(capabilities), (name, written) =>
      this.#written(name, Number(written)),
    );
    this.registers = wordRegisters(this.#file);
    this.status = new PamuStatus(this.#file, options.errata);
    this.#ecc = new EccStatus(this.#file);
    const primary = new PamuTable(memory, ENTRY_BYTES);
    const secondary = new PamuTable(memory, ENTRY_BYTES);
    const operations = new PamuTable(memory, OPERATION_ENTRY_BYTES);
    this.#lookup = new Lookup({ primary, secondary, operations }, capabilities.largestCountCode);
    this.#tables = [
      {
        table: primary,
        registers: ["PPBAH", "PPBAL", "PPLAH", "PPLAL"],
        cacheSwitch: register.PC_PRIMARY_CACHE,
      },
      {
        table: secondary,
        registers: ["SPBAH", "SPBAL", "SPLAH", "SPLAL"],
        cacheSwitch: register.PC_SECONDARY_CACHE,
      },
      {
        table: operations,
        registers: ["OBAH", "OBAL", "OLAH", "OLAL"],
        cacheSwitch: register.PC_OPERATION_CACHE,
      },
    ];
  }

  /**
   * One transaction inside one 64-byte block: answers the physical frame, or `BLOCKED`. `operation` is
   * an IOE code, `offset` the byte in the frame, for the records. Hot: no allocation, no BigInt.
   */
  authorize(liodn: number, frame: number, offset: number, operation: number): number {
    const at = this.#lookup;
    this.#statistics.walks++;
    const code = look(at, liodn, frame, operation);
    if (code !== 0) return this.#refuse(liodn, { frame, offset }, code);
    if (at.lostFrames !== 0 || hasCacheId(at.word3)) this.#diagnose(liodn);
    return at.physicalFrame;
  }

  /** Why the last transaction that was refused was so: a code of violations.ts. */
  get lastCode(): number {
    return this.#lastCode;
  }

  /** The level of the hardware error interrupt. */
  get errorLine(): boolean {
    return this.status.errorLine || this.#ecc.line;
  }

  /** A bit error in the PAMU's own memory, as EECTL and the registers behind it tell it. */
  reportBitError(error: BitError, at: Place, data: readonly [high: number, low: number]): void {
    this.#ecc.report(error, at, data);
    this.#options.onStatus();
  }

  /** EOE code of the last transaction; good when it was let through. */
  get lastOperation(): number {
    return this.#lookup.outgoing;
  }

  /** What went with the last transaction; good when it was let through. */
  get lastAttributes(): TransactionAttributes {
    const { bytes, start, word3 } = this.#lookup;
    return attributesOf(bytes.getInt32(start + WORD_2), word3);
  }

  /** Entries that no driver should write, and of which silicon says nothing. */
  #diagnose(liodn: number): void {
    const { onDiagnostic, errata } = this.#options;
    const who = `LIODN 0x${liodn.toString(16)}`;
    if (this.#lookup.lostFrames !== 0)
      onDiagnostic(`${who}: a translated base is not aligned to its mapped size`);
    const { cacheId } = this.lastAttributes;
    if (errata["A-007907"] && cacheId >= FIRST_L1_CACHE && cacheId % 2 === 0)
      onDiagnostic(`${who}: stashing into L1 cache ${cacheId} (erratum A-007907)`);
  }

  #refuse(liodn: number, at: Place, code: number): typeof BLOCKED {
    requireTransaction(liodn, at);
    this.#lastCode = code;
    this.#statistics.faults++;
    if (this.#record(liodn, at, code)) this.#options.onStatus();
    return BLOCKED;
  }

  /** Whether the registers show anything new. */
  #record(liodn: number, at: Place, code: number): boolean {
    if (code === UNREADABLE) return this.status.recordError(this.#lookup.unreadable);
    if (code === PRIMARY_INVALID && !this.#options.errata["A-003638"]) return false;
    return this.status.recordViolation(liodn, at, code);
  }

  #written(name: PamuRegisterName, written: number): void {
    if (name === "PICS") this.status.writePics(written);
    if (name === "PC") this.#control();
    for (const each of this.#tables) if (each.registers.includes(name)) this.#place(each, name);
    this.#options.onStatus();
  }

  #control(): void {
    const control = this.#read("PC");
    this.#lookup.gateCode = gateCode(control);
    this.refreshCaches();
  }

  /** What is coherent may have changed. */
  refreshCaches(): void {
    for (const each of this.#tables) this.#cache(each);
  }

  #place(placed: PlacedTable, name: PamuRegisterName): void {
    const { table, registers } = placed;
    const [baseHigh, baseLow, limitHigh, limitLow] = registers;
    const isBase = name === baseHigh || name === baseLow;
    if (isBase && !this.#takesBase(name)) return;
    table.place(
      [this.#read(baseHigh), this.#read(baseLow)],
      [this.#read(limitHigh), this.#read(limitLow)],
    );
    if (!isBase) return;
    this.#statistics.invalidations++;
    table.forget();
    this.#cache(placed);
  }

  /** A-005982: without PC.OCE a base register keeps its value. The symptom is this model's choice. */
  #takesBase(name: PamuRegisterName): boolean {
    if (
      !this.#options.errata["A-005982"] ||
      (this.#read("PC") & register.PC_OPERATION_CACHE) !== 0
    ) {
      this.#bases.set(name, this.#file.get(name));
      return true;
    }
    this.#file.set(name, this.#bases.get(name) ?? 0n);
    this.#options.onDiagnostic(`${name} written while PC.OCE is clear (erratum A-005982)`);
    return false;
  }

  #cache({ table, cacheSwitch }: PlacedTable): void {
    const isOn = (this.#read("PC") & cacheSwitch) !== 0;
    table.keep(isOn && !this.#options.isSnooped(table.baseFrame) ? "entries" : "nothing");
  }

  #read(name: PamuRegisterName): number {
    return Number(this.#file.get(name));
  }
}

/** Steps 2 and 3 of the lookup: PC.PE is set, PC.PGC is clear. 0 when both hold. */
function gateCode(control: number): number {
  if ((control & register.PC_ENABLE) === 0) return DISABLED;
  return (control & register.PC_GATE_CLOSED) === 0 ? 0 : GATE_CLOSED;
}

/**
 * What no bus can carry is the caller's mistake. Asked only of what is refused: an address of 64 bits
 * that passed lay in an aperture, and the hot path has no time for it.
 */
function requireTransaction(liodn: number, { frame, offset }: Place): void {
  const isLiodn = Number.isInteger(liodn) && liodn >= 0 && liodn < 2 ** 16;
  const isFrame = Number.isInteger(frame) && frame >= 0 && frame < 2 ** 52;
  const isOffset = Number.isInteger(offset) && offset >= 0 && offset < 4096;
  if (!isLiodn || !isFrame || !isOffset)
    throw new RangeError(`no transaction: LIODN ${liodn}, frame ${frame}, byte ${offset}`);
}
