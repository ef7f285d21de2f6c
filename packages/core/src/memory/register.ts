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
import type { MemoryControl, MemoryRegistration } from "../contract/memory.ts";
import { checkAddress } from "../dma/ledger.ts";
import { IommuError } from "../errors/base.ts";
import type { MemoryArea } from "./memory-table.ts";

export type RegistrationList = MemoryRegistration[];

export function createMemoryControl(engine: ContainerEngine): MemoryControl {
  return Object.freeze({
    register: (address: HostAddress, size: ByteSize): MemoryRegistration =>
      register(engine, address, size),
  });
}

function register(
  engine: ContainerEngine,
  address: HostAddress,
  size: ByteSize,
): MemoryRegistration {
  const { session, ledger } = engine.enabled("register");
  checkAddress("register", "address", address);
  checkAddress("register", "size", size);
  const start = checkedRange(engine, address, size);
  const area = ledger.registrations.add(start, start + frameCount(size));
  if (area === undefined) throw overlapping(address, size);
  try {
    session.register?.(address, size);
  } catch (error) {
    ledger.registrations.remove(area);
    throw error;
  }
  const registration = new Registration(engine, address, size, area);
  engine.registrations.push(registration);
  engine.memoryTable.use(area.start, area.end, 1);
  return registration;
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
    this.#engine.memoryTable.use(this.#area.start, this.#area.end, -1);
  }

  [Symbol.dispose](): void {
    this.close();
  }
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

function overlapping(address: HostAddress, size: ByteSize): IommuError {
  return new IommuError({
    code: "already-mapped",
    operation: "register",
    sentence: `register refused: ${formatRange(address, size)} meets memory that is registered`,
    facts: { address, size },
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
