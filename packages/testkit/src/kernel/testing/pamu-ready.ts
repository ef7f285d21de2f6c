// The states from which the cases of the PAMU ABI start, and what the tables then hold.
//
// For the tests of this kernel only. The default is a P4080 with one group in a container; its LIODN
// is 0x10.

import type { QoriqPamus } from "../../hardware/pamu/qoriq-pamus.ts";
import type { Machine } from "../../machines/machine.ts";
import { hardwareOf, PAMU_EXTENSIONS, type PamuMachineOptions, pamu } from "../../machines/pamu.ts";
import {
  type HostOptions,
  type SimulatedHost,
  simulatedHost,
} from "../../machines/simulated-host.ts";
import { PamuDriver } from "../iommu/pamu/driver.ts";
import { MIB, PamuClient } from "./pamu-client.ts";

export const GROUP = 2;
export const DEVICE = "0000:00:02.0";
export const LIODN = 0x10;
export const OTHER_GROUP = 3;
export const OTHER_DEVICE = "0000:00:03.0";
export const SHARED_GROUP = 4;
export const SHARED_LIODN = 0x30;
export const GIB: number = 1024 * MIB;

export interface PamuReady {
  readonly host: SimulatedHost;
  readonly client: PamuClient;
  readonly driver: PamuDriver;
  readonly hardware: QoriqPamus;
  readonly container: number;
  readonly group: number;
}

/** A container with the group in it and PAMU's type set. */
export function openedPamu(
  machine: PamuMachineOptions = {},
  options: HostOptions = {},
  wrap: (machine: Machine) => Machine = (plain) => plain,
): PamuReady {
  const host = simulatedHost(wrap(pamu({ soc: "p4080", ...machine })), options);
  const client = new PamuClient(host.port);
  const container = client.openContainer();
  const group = client.openGroup(GROUP);
  check(client.setContainer(group, container));
  check(client.setIommu(container, PAMU_EXTENSIONS[machine.release ?? "sdk-2.0"]));
  const driver = driverOf(host);
  return { host, client, driver, hardware: hardwareOf(driver), container, group };
}

/** Bytes, windows, and the first address. */
export interface TestAperture {
  readonly size: number;
  readonly windows: number;
  readonly start: number;
}

/** The same with an aperture of `size` bytes in `windows` windows. */
export function dividedPamu(
  machine: PamuMachineOptions = {},
  aperture: Partial<TestAperture> = {},
): PamuReady {
  const { size, windows, start } = { size: GIB, windows: 256, start: 0, ...aperture };
  const ready = openedPamu(machine);
  const { client, container } = ready;
  check(client.setGeometry(container, start, start + size - 1));
  check(client.setWindows(container, windows));
  return ready;
}

/** The kernel's driver of a machine's PAMUs. */
export function driverOf(host: SimulatedHost): PamuDriver {
  const driver = host.kernel.groups[0]?.iommu;
  if (!(driver instanceof PamuDriver)) throw new Error("this machine has no PAMU");
  return driver;
}

/** Words 0 to 7 of a primary entry as the cases write them: hexadecimal, 0 for a word of zeros. */
export function primaryWords(driver: PamuDriver, liodn: number): string {
  return dump((word) => driver.tables.primary.word(liodn, word));
}

export function secondaryWords(driver: PamuDriver, index: number): string {
  return dump((word) => driver.tables.secondary.word(index, word));
}

/** Both tables as bytes: what two states are compared by. */
export function tableBytes({ driver: { tables }, host }: PamuReady): string {
  const { primary, operations } = tables.places;
  const bytes = host.memory.bytesFrom(primary.base / 4096);
  const all = bytes?.subarray(0, operations.limit - primary.base) ?? [];
  return Array.from(all, (byte) => String.fromCharCode(byte)).join("");
}

/**
 * A copy of the entries that a history can change, as words: 64 LIODNs, and secondary entries from
 * `first` on.
 */
export function tablesNow({ driver: { tables }, host }: PamuReady, first = 0): Uint32Array {
  const { primary, secondary } = tables.places;
  const block = host.memory.bytesFrom(primary.base / 4096) ?? new Uint8Array(0);
  const from = secondary.base - primary.base + first * 64;
  const to = secondary.limit - primary.base;
  const copy = new Uint8Array(0x1000 + to - from);
  copy.set(block.subarray(0, 0x1000));
  copy.set(block.subarray(from, to), 0x1000);
  return new Uint32Array(copy.buffer);
}

export function sameTables(a: Uint32Array, b: Uint32Array): boolean {
  for (let word = 0; word < a.length; word++) if (a[word] !== b[word]) return false;
  return a.length === b.length;
}

function dump(word: (index: number) => number): string {
  return Array.from({ length: 8 }, (_, index) => word(index))
    .map((value) => (value === 0 ? "0" : value.toString(16).toUpperCase().padStart(8, "0")))
    .join(" ");
}

function check(rc: number): void {
  if (rc !== 0) throw new Error(`the fixture could not be made: ${rc}`);
}
