// The handler of access violations, for one PAMU: log, acknowledge, cut the device off.
//
// pamu_av_isr of Linux. A device whose entry is already invalid is known: its PAMU's interrupt is switched
// off then, or a device that goes on would keep the CPU busy. Nothing switches it on again (pamu.md 1.7).

import type { WordRegisters } from "../../../hardware/pamu/word-registers.ts";
import { SimulatedCrash } from "../../simulated-crash.ts";
import { isLiodn } from "./domain.ts";
import type { LiodnTables } from "./liodn-tables.ts";

const AVS1 = 0x50;
const AVAH = 0x58;
const AVAL = 0x5c;
const PICS = 0xc1c;
const PICS_VIOLATION = 0x8;
const PICS_VIOLATION_ENABLE = 0x4;
const AVS1_CLEARABLE = 0x7fff;

/** One violation as the kernel logs it. */
export interface ViolationReport {
  readonly pamu: number;
  /** AVS1 as it was. */
  readonly status: number;
  readonly address: number;
  /** Whose V was taken away by it; undefined when there was none to take. */
  readonly liodn: number | undefined;
}

/** How a kernel answers a violation. */
export interface ViolationPolicy {
  /** `BUG` where Linux indexes its table with a LIODN that it has not; or nothing happens. */
  readonly strangers: "bug" | "logged";
  /** Whether a device that goes on after it was cut off costs its PAMU the interrupt. */
  readonly interrupt: "switched-off" | "kept";
  /** Whether the device is cut off, or its access only logged. */
  readonly device: "cut-off" | "reported";
}

/** What a pending violation of this PAMU led to; undefined without one. */
export function answerViolations(
  registers: WordRegisters,
  tables: LiodnTables,
  policy: ViolationPolicy,
): ViolationReport | undefined {
  const pending = registers.read(PICS);
  if ((pending & PICS_VIOLATION) === 0) return undefined;
  const status = registers.read(AVS1);
  const address = registers.read(AVAH) * 2 ** 32 + registers.read(AVAL);
  registers.write(AVS1, status & AVS1_CLEARABLE);
  const liodn = status >>> 16;
  if (!isLiodn(liodn) && policy.strangers === "bug")
    throw new SimulatedCrash(`BUG in the violation handler: LIODN 0x${liodn.toString(16)}`);
  const wasOn = isLiodn(liodn) && tables.isValid(liodn);
  const cutOff = wasOn && policy.device === "cut-off";
  if (cutOff) tables.setValid(liodn, false);
  const stays = wasOn || policy.interrupt === "kept";
  registers.write(PICS, stays ? pending : pending & ~PICS_VIOLATION_ENABLE);
  return { pamu: 0, status, address, liodn: cutOff ? liodn : undefined };
}
