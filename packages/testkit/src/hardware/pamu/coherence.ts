// Local access windows and coherence subdomains: whose stores a block of memory shows to whom.
//
// With erratum A-004510 a PAMU's table fetches are coherent only where a local access window names a
// subdomain that the PAMUs' ports belong to. Linux (drivers/iommu/fsl_pamu.c, 6.12) makes one over its
// tables. 32 windows of 16 bytes at CCSR + 0xc00: base high, base low, attributes; the ports of each
// subdomain are one register at 0x600 of the coherence manager. The first window that fits counts.

import type { WordRegisters } from "./word-registers.ts";

const WINDOWS = 32;
const WINDOW_BYTES = 16;
const PORTS_AT = 0x600;
const SUBDOMAINS = 32;

const ENABLED = 0x8000_0000;
const BASE_HIGH = 0;
const BASE_LOW = 4;
const ATTRIBUTES = 8;

export class CoherenceSubdomains {
  /** By byte offset from CCSR + 0xc00. */
  readonly windows: WordRegisters;
  /** By byte offset in the coherence manager's block. */
  readonly manager: WordRegisters;
  readonly #windows = new Uint32Array((WINDOWS * WINDOW_BYTES) / 4);
  readonly #ports = new Uint32Array(SUBDOMAINS);

  /** `onChange` is called after every write. */
  constructor(onChange: () => void) {
    this.windows = wordsAt(this.#windows, 0, onChange);
    this.manager = wordsAt(this.#ports, PORTS_AT, onChange);
  }

  /** Whether the block that this 4 KiB frame is in belongs to a subdomain with all these ports. */
  includes(frame: number, ports: number): boolean {
    for (let at = 0; at < WINDOWS * WINDOW_BYTES; at += WINDOW_BYTES)
      if (this.#covers(at, frame)) return (this.#portsOf(at) & ports) >>> 0 === ports;
    return false;
  }

  #covers(window: number, frame: number): boolean {
    const attributes = this.windows.read(window + ATTRIBUTES);
    if ((attributes & ENABLED) === 0) return false;
    const low = this.windows.read(window + BASE_LOW);
    const first = this.windows.read(window + BASE_HIGH) * 0x10_0000 + (low >>> 12);
    const frames = 2 ** ((attributes & 0x3f) - 11); // size is 2^(code + 1)
    return frame >= first && frame < first + frames;
  }

  #portsOf(window: number): number {
    const subdomain = (this.windows.read(window + ATTRIBUTES) >>> 12) & 0xff;
    return this.#ports[subdomain] ?? 0;
  }
}

/** Registers that keep what is written. */
function wordsAt(words: Uint32Array, start: number, onChange: () => void): WordRegisters {
  return {
    read: (offset) => words[(offset - start) / 4] ?? 0,
    write(offset, value) {
      words[(offset - start) / 4] = value;
      onChange();
    },
  };
}
