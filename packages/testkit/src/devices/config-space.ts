// 256 bytes of PCI configuration space, type 0 header (PCI Local Bus 3.0, chapter 6).
//
// Each byte has a mask of the bits software may change, which is all that BAR sizing by writing ones
// needs: the address bits below the BAR's size are simply not writable. Little-endian on every host.

export interface ConfigSpaceOptions {
  readonly vendor: number;
  readonly device: number;
  /** Class, subclass and programming interface as 24 bits. */
  readonly classCode: number;
  readonly revision: number;
  readonly subsystemVendor: number;
  readonly subsystem: number;
  /** Bytes of 32-bit memory BAR 0 to 5: powers of two, 0 where there is none. */
  readonly barSizes: readonly number[];
  /** INTA is 1; 0 for none. */
  readonly interruptPin: number;
  /** Offset of an MSI capability with 64-bit address and one vector; 0 for none. */
  readonly msiAt: number;
}

const COMMAND = 0x04;
const STATUS = 0x06;
const BAR0 = 0x10;
const IO_SPACE = 1 << 0;
const MEMORY_SPACE = 1 << 1;
const BUS_MASTER = 1 << 2;
const SERR_ENABLE = 1 << 8;
const INTX_DISABLE = 1 << 10;
const INTERRUPT_STATUS = 1 << 3;
const CAPABILITIES_LIST = 1 << 4;

export class ConfigSpace {
  readonly #bytes = new Uint8Array(256);
  readonly #writable = new Uint8Array(256);
  readonly #options: ConfigSpaceOptions;

  constructor(options: ConfigSpaceOptions) {
    this.#options = options;
    this.reset();
  }

  get memoryEnabled(): boolean {
    return (this.#word(COMMAND) & MEMORY_SPACE) !== 0;
  }

  get busMaster(): boolean {
    return (this.#word(COMMAND) & BUS_MASTER) !== 0;
  }

  get intxDisabled(): boolean {
    return (this.#word(COMMAND) & INTX_DISABLE) !== 0;
  }

  /** Where and what an MSI writes, or undefined while MSI is off (PCI 3.0, 6.8.1). */
  get msi(): { readonly address: bigint; readonly data: number } | undefined {
    const at = this.#options.msiAt;
    if (at === 0 || (this.#word(at + 2) & 1) === 0) return undefined;
    const view = this.#view();
    return { address: view.getBigUint64(at + 4, true), data: view.getUint16(at + 12, true) };
  }

  /** A read past the end sees ones, as from a function that does not decode them. */
  read(offset: number, into: Uint8Array): void {
    for (let at = 0; at < into.length; at++) into[at] = this.#bytes[offset + at] ?? 0xff;
  }

  write(offset: number, from: Uint8Array): void {
    for (const [at, byte] of from.entries()) {
      const place = offset + at;
      const mask = this.#writable[place] ?? 0;
      this.#bytes[place] = ((this.#bytes[place] ?? 0) & ~mask) | (byte & mask);
    }
  }

  /** STATUS.Interrupt Status, which the device drives. */
  showInterrupt(pending: boolean): void {
    const kept = this.#word(STATUS) & ~INTERRUPT_STATUS;
    this.#view().setUint16(STATUS, pending ? kept | INTERRUPT_STATUS : kept, true);
  }

  reset(): void {
    this.#bytes.fill(0);
    const { vendor, device, classCode, revision } = this.#options;
    const view = this.#view();
    view.setUint16(0x00, vendor, true);
    view.setUint16(0x02, device, true);
    view.setUint32(0x08, (classCode << 8) | revision, true);
    view.setUint16(0x2c, this.#options.subsystemVendor, true);
    view.setUint16(0x2e, this.#options.subsystem, true);
    this.#bytes[0x3d] = this.#options.interruptPin;
    this.#allow(COMMAND, 2, IO_SPACE | MEMORY_SPACE | BUS_MASTER | SERR_ENABLE | INTX_DISABLE);
    this.#allow(0x0c, 1, 0xff); // cache line size
    this.#allow(0x3c, 1, 0xff); // interrupt line
    for (const [bar, size] of this.#options.barSizes.entries())
      if (size > 0) this.#allow(BAR0 + 4 * bar, 4, ~(size - 1));
    if (this.#options.msiAt > 0) this.#addMsi(this.#options.msiAt);
  }

  #addMsi(at: number): void {
    const view = this.#view();
    view.setUint16(STATUS, CAPABILITIES_LIST, true);
    this.#bytes[0x34] = at;
    this.#bytes[at] = 0x05;
    view.setUint16(at + 2, 0x80, true); // 64-bit address, one vector
    this.#allow(at + 2, 2, 0x71); // enable, multiple message enable
    this.#allow(at + 4, 4, ~3);
    this.#allow(at + 8, 4, ~0);
    this.#allow(at + 12, 2, 0xffff);
  }

  #allow(offset: number, width: number, mask: number): void {
    for (let at = 0; at < width; at++) this.#writable[offset + at] = mask >>> (8 * at);
  }

  #word(offset: number): number {
    return this.#view().getUint16(offset, true);
  }

  #view(): DataView {
    return new DataView(this.#bytes.buffer);
  }
}
