// Registers memory: a kernel call where the backend needs one, elsewhere an entry in the ledger.
//
// The rules are the same everywhere, so that a program that forgets to unmap before it unregisters
// fails on every architecture and not only on the one it was not tested on.

import {
  type ByteSize,
  frameCount,
  type HostAddress,
  hostAddress,
  pageFrame,
} from "../address/address.ts";
import { formatRange } from "../address/units.ts";
import type { ContainerEngine } from "../container/engine.ts";
import type { BackendSession } from "../contract/backend.ts";
import type { MemoryControl, MemoryRegistration, RegistrationOptions } from "../contract/memory.ts";
import { checkAddress } from "../dma/ledger.ts";
import { IommuError } from "../errors/base.ts";
import { badOption, checkOptions } from "../errors/options.ts";
import type { MemoryArea, MemoryTable } from "./memory-table.ts";

export type RegistrationList = MemoryRegistration[];

export function createMemoryControl(engine: ContainerEngine): MemoryControl {
  return Object.freeze({
    register: (
      address: HostAddress,
      size: ByteSize,
      options?: RegistrationOptions,
    ): MemoryRegistration => register(engine, address, size, options),
  });
}

function register(
  engine: ContainerEngine,
  address: HostAddress,
  size: ByteSize,
  options: RegistrationOptions | undefined,
): MemoryRegistration {
  const { session, ledger } = engine.enabled("register");
  const pageSize = checkedPageSize(options);
  checkAddress("register", "address", address);
  checkAddress("register", "size", size);
  const start = checkedRange(engine, address, size);
  const area = ledger.registrations.add(start, start + frameCount(size), pageSize);
  if (area === undefined) throw overlapping(address, size, "this container");
  try {
    if (!engine.memoryTable.registered.take(area.start, area.end))
      throw overlapping(address, size, "another container of this process");
    registerOrGive(engine, session, area, { address, size });
  } catch (error) {
    ledger.registrations.remove(area);
    throw error;
  }
  const registration = new Registration(engine, address, size, area);
  engine.registrations.push(registration);
  engine.memoryTable.use(area.start, area.end, 1);
  return registration;
}

function registerOrGive(
  engine: ContainerEngine,
  session: BackendSession,
  { start, end }: MemoryArea,
  { address, size }: Pick<MemoryRegistration, "address" | "size">,
): void {
  try {
    session.register?.(address, size);
  } catch (error) {
    engine.memoryTable.registered.give(start, end);
    throw error;
  }
}

/** The kernel has it no more, for this container: its pages may be freed, or registered otherwise. */
export function forgetRegistered(
  table: MemoryTable,
  { address, size }: Pick<MemoryRegistration, "address" | "size">,
): void {
  const start = pageFrame(address);
  const end = start + frameCount(size);
  table.use(start, end, -1);
  table.registered.give(start, end);
}

class Registration implements MemoryRegistration {
  readonly address: HostAddress;
  readonly size: ByteSize;
  readonly #engine: ContainerEngine;
  readonly #area: MemoryArea;

  constructor(engine: ContainerEngine, address: HostAddress, size: ByteSize, area: MemoryArea) {
    this.#engine = engine;
    this.address = address;
    this.size = size;
    this.#area = area;
  }

  close(): void {
    const at = this.#engine.registrations.indexOf(this);
    // Closed before, or the kernel dropped it with the last group.
    if (at < 0) return;
    const { session, ledger } = this.#engine.enabled("unregister");
    const uses = ledger.standingOn(this.#area.start, this.#area.end);
    if (uses > 0) throw inUse(this.address, this.size, uses);
    session.unregister?.(this.address, this.size);
    ledger.registrations.remove(this.#area);
    this.#engine.registrations.splice(at, 1);
    forgetRegistered(this.#engine.memoryTable, this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function checkedPageSize(options: RegistrationOptions | undefined): number | undefined {
  const { pageSize } = checkOptions("register", options, ["pageSize"]);
  if (pageSize === undefined || Number.isInteger(Math.log2(pageSize))) return pageSize;
  throw badOption("register", "pageSize is a power of two, the bytes of a page");
}

function checkedRange(engine: ContainerEngine, address: HostAddress, size: ByteSize): number {
  const page = BigInt(engine.context.port.abi.pageSize);
  if (size === 0n)
    throw new IommuError({
      code: "zero-size",
      operation: "register",
      sentence: "register of zero bytes refused",
    });
  if ((address | size) % page !== 0n)
    throw new IommuError({
      code: "misaligned",
      operation: "register",
      sentence: `register refused: ${formatRange(address, size)} is not whole pages of ${page} bytes`,
      facts: { address, size, page },
    });
  hostAddress(address + size - 1n);
  return pageFrame(address);
}

function overlapping(address: HostAddress, size: ByteSize, owner: string): IommuError {
  return new IommuError({
    code: "already-mapped",
    operation: "register",
    sentence: `register refused: ${formatRange(address, size)} meets memory that ${owner} registered`,
    facts: { address, size },
    hint: "containers share a range only where they register the same one",
  });
}

function inUse(address: HostAddress, size: ByteSize, uses: number): IommuError {
  return new IommuError({
    code: "memory-in-use",
    operation: "unregister",
    sentence: `${formatRange(address, size)} cannot be unregistered: ${uses} mappings stand on it`,
    facts: { address, size, uses },
    hint: "unmap them first",
  });
}
