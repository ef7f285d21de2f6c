// The MPIC's message interrupt banks, and the kernel's share of them.
//
// A write of a vector number to a bank's alias raises that vector. A device behind PAMU reaches the
// alias only through a window of its domain that leads to the alias's page: the kernel looks for it
// when message interrupts are switched on (fsl_msi.c of the vendor's 4.1; pamu.md 3.6).

import type { RegisterPages } from "../../../memory/bus.ts";
import { EINVAL, ENODEV } from "../../errno.ts";
import type { MessageTarget } from "../domain.ts";
import type { PamuDomain } from "./domain.ts";
import type { MsiBank } from "./soc.ts";

/** Vectors of one bank: 8 registers of 32 bits. */
const VECTORS = 256;
/** MSI data is the vector's number; the register takes it from the first byte of the write. */
const ALIAS_BYTES = 4;

/** An interrupt that somebody raised, whether anybody waits for it or not. */
export interface RaisedInterrupt {
  readonly requester: number;
  readonly bank: number;
  readonly vector: number;
}

interface Owner {
  readonly requester: number;
  /** Counted from the device's first message. */
  readonly message: number;
}

export class MsiController implements RegisterPages {
  readonly banks: readonly MsiBank[];
  readonly #frames: readonly number[];
  readonly #owners: readonly Map<number, Owner>[];
  #raised: RaisedInterrupt[] = [];
  #deliver: (requester: number, message: number) => void = () => undefined;

  constructor(banks: readonly MsiBank[]) {
    this.banks = banks;
    this.#frames = banks.map(({ alias }) => Math.floor(alias / 4096));
    this.#owners = banks.map(() => new Map());
  }

  /** Where a raised vector goes that a device owns. */
  connect(deliver: (requester: number, message: number) => void): void {
    this.#deliver = deliver;
  }

  has(frame: number): boolean {
    return this.#frames.includes(frame);
  }

  /** Registers of the page other than the alias answer zero, and so does the alias. */
  read(_requester: number, _frame: number, _offset: number, into: Uint8Array): void {
    into.fill(0);
  }

  write(requester: number, frame: number, offset: number, from: Uint8Array): void {
    const bank = this.#frames.indexOf(frame);
    const alias = this.banks[bank]?.alias ?? -1;
    if (offset !== alias % 4096 || from.length !== ALIAS_BYTES) return;
    const vector = from[0] ?? 0;
    this.#raised.push({ requester, bank, vector });
    const owner = this.#owners[bank]?.get(vector);
    if (owner !== undefined) this.#deliver(owner.requester, owner.message);
  }

  /** Interrupts raised since the last call, oldest first. */
  takeRaised(): readonly RaisedInterrupt[] {
    const taken = this.#raised;
    this.#raised = [];
    return taken;
  }

  /** Vectors of one bank for a device: where it writes and what, or -ENODEV without a window. */
  allocate(wanted: {
    readonly requester: number;
    readonly vectors: number;
    readonly bank: number;
    readonly domain: PamuDomain | undefined;
  }): MessageTarget | number {
    const { requester, vectors, bank, domain } = wanted;
    const owners = this.#owners[bank];
    const alias = this.banks[bank]?.alias;
    if (owners === undefined || alias === undefined || domain === undefined) return -ENODEV;
    const address = windowOnto(domain, alias);
    if (address < 0) return -ENODEV;
    const first = firstFree(owners, vectors);
    if (first < 0) return first;
    for (let message = 0; message < vectors; message++)
      owners.set(first + message, { requester, message });
    return { address: BigInt(address), data: first };
  }

  /** The device's vectors are free again. */
  release(requester: number): void {
    for (const owners of this.#owners)
      for (const [vector, owner] of [...owners])
        if (owner.requester === requester) owners.delete(vector);
  }
}

/** The address that a device uses for a bank: window start + place in the page; -EINVAL for none. */
function windowOnto(domain: PamuDomain, alias: number): number {
  const { geometry, count } = domain;
  const slot = (geometry.end - geometry.start + 1) / count;
  for (let window = 0; window < count; window++) {
    const iova = geometry.start + window * slot;
    if (domain.iovaToPhys(iova) === alias) return iova + (alias % 4096);
  }
  return -EINVAL;
}

/** Vectors of one device follow each other, aligned as PCI asks. */
function firstFree(owners: ReadonlyMap<number, Owner>, vectors: number): number {
  const step = 2 ** Math.ceil(Math.log2(vectors));
  for (let first = 0; first + vectors <= VECTORS; first += step)
    if (Array.from({ length: vectors }, (_, at) => owners.has(first + at)).every((taken) => !taken))
      return first;
  return -ENODEV;
}
