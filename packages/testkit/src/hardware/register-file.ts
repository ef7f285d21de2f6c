// A device's registers as a table: name, place, width, and what a write may change.
//
// Cold path, so values are bigints. It keeps bits and access rules only; what a register *does* is
// its owner's, told through `onWrite`. Never used while translating.

export interface RegisterSpec<Name extends string> {
  readonly name: Name;
  readonly offset: number;
  readonly width: 4 | 8;
  /** Value after reset. Default 0. */
  readonly reset?: bigint;
  /** Bits that software may set and clear. Default none. */
  readonly writable?: bigint;
  /** Bits that software clears by writing one (RW1C). Default none. */
  readonly clearedByOne?: bigint;
}

/** How a driver sees registers: by byte offset, little-endian, 4 or 8 bytes wide. */
export interface RegisterAccess {
  read(offset: number, width: 4 | 8): bigint;
  write(offset: number, width: 4 | 8, value: bigint): void;
  /** `write` of 4 bytes without a bigint, for the register that a driver writes all the time. */
  writeWord(offset: number, value: number): void;
}

interface Register<Name extends string> {
  readonly spec: RegisterSpec<Name>;
  value: bigint;
}

const LOW_HALF = 0xffff_ffffn;
const ALL_BITS = 0xffff_ffff_ffff_ffffn;

export class RegisterFile<Name extends string> implements RegisterAccess {
  readonly #byName = new Map<string, Register<Name>>();
  readonly #byOffset = new Map<number, Register<Name>>();
  readonly #onWrite: (name: Name, written: bigint) => void;

  /** `onWrite` gets the value as software wrote it, after the register's bits have changed. */
  constructor(
    specs: readonly RegisterSpec<Name>[],
    onWrite: (name: Name, written: bigint) => void,
  ) {
    this.#onWrite = onWrite;
    for (const spec of specs) this.#declare(spec);
  }

  /** Software's read. A place where nothing is declared reads as zero. */
  read(offset: number, width: 4 | 8): bigint {
    const low = this.#half(offset);
    return width === 4 ? low : low | (this.#half(offset + 4) << 32n);
  }

  /** Software's write, whole registers or one half of an 8-byte register. */
  write(offset: number, width: 4 | 8, value: bigint): void {
    const register = this.#byOffset.get(offset);
    if (register === undefined) return;
    const { spec } = register;
    if (width === 8 && spec.width === 8 && offset === spec.offset) {
      this.#writeWhole(register, value & ALL_BITS);
      return;
    }
    const inHighHalf = offset !== spec.offset;
    const mask = width === 8 ? (1n << BigInt(spec.width * 8)) - 1n : LOW_HALF;
    const shift = inHighHalf ? 32n : 0n;
    const touched = mask << shift;
    const written = (value & mask) << shift;
    const writable = (spec.writable ?? 0n) & touched;
    const cleared = written & (spec.clearedByOne ?? 0n);
    register.value = ((register.value & ~writable) | (written & writable)) & ~cleared;
    this.#onWrite(spec.name, written);
    if (width === 8 && spec.width === 4) this.write(offset + 4, 4, value >> 32n);
  }

  writeWord(offset: number, value: number): void {
    this.write(offset, 4, BigInt(value));
  }

  /** The usual write of an 8-byte register, without the masks and shifts of its halves. */
  #writeWhole(register: Register<Name>, written: bigint): void {
    const { writable = 0n, clearedByOne = 0n, name } = register.spec;
    const kept = writable === ALL_BITS ? 0n : register.value & ~writable;
    register.value = (kept | (written & writable)) & ~(written & clearedByOne);
    this.#onWrite(name, written);
  }

  /** The hardware's own view. */
  get(name: Name): bigint {
    return this.#named(name).value;
  }

  /** The hardware changes a register, whatever software may do. */
  set(name: Name, value: bigint): void {
    this.#named(name).value = value;
  }

  #declare(spec: RegisterSpec<Name>): void {
    const register = { spec, value: spec.reset ?? 0n };
    this.#byName.set(spec.name, register);
    for (let offset = spec.offset; offset < spec.offset + spec.width; offset += 4) {
      if (this.#byOffset.has(offset)) throw new Error(`${spec.name} overlaps another register`);
      this.#byOffset.set(offset, register);
    }
  }

  #half(offset: number): bigint {
    const register = this.#byOffset.get(offset);
    if (register === undefined) return 0n;
    return offset === register.spec.offset ? register.value & LOW_HALF : register.value >> 32n;
  }

  #named(name: Name): Register<Name> {
    const register = this.#byName.get(name);
    if (register === undefined) throw new Error(`no register ${name}`);
    return register;
  }
}
