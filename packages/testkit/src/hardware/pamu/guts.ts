// GUTS, the global utilities block: here, who is bypassed and which LIODN each DMA source carries.
//
// PAMUBYPENR is at 0x604, one bit for each PAMU from the most significant down. LIODN registers of the
// PCI Express controllers begin at 0x500 (`fsl,liodn-reg` in Linux's device trees); firmware sets them.

import { RegisterFile, type RegisterSpec } from "../register-file.ts";
import type { Soc } from "./soc.ts";
import { type WordRegisters, wordRegisters } from "./word-registers.ts";

export const PAMUBYPENR = 0x604;
/** LIODN register of PCI Express controller 0; the next ones follow, 4 bytes each. */
export const PCIE_LIODN = 0x500;

type GutsRegisterName = "PAMUBYPENR" | `LIODN${number}`;

export class Guts {
  readonly registers: WordRegisters;
  /** One for each PAMU. Read by the hot path. */
  readonly bypassed: boolean[];
  /** LIODN of each PCI Express controller. Read by the hot path. */
  readonly liodns: number[];
  readonly #file: RegisterFile<GutsRegisterName>;

  /** After a secure boot nothing is bypassed: no DMA before software has set the PAMUs up. */
  constructor(soc: Soc, boot: "normal" | "secure") {
    const every = soc.pamus.reduce((bits, _, index) => bits + bypassBit(index), 0);
    this.#file = new RegisterFile(gutsRegisters(soc, every, boot), () => this.#refresh());
    this.registers = wordRegisters(this.#file);
    this.bypassed = soc.pamus.map(() => false);
    this.liodns = Array.from({ length: soc.pcieControllers }, () => 0);
    this.#refresh();
  }

  #refresh(): void {
    const bits = Number(this.#file.get("PAMUBYPENR"));
    for (const index of this.bypassed.keys())
      this.bypassed[index] = (bits & bypassBit(index)) !== 0;
    for (const index of this.liodns.keys())
      this.liodns[index] = Number(this.#file.get(`LIODN${index}`));
  }
}

function bypassBit(pamu: number): number {
  return 0x8000_0000 >>> pamu;
}

function gutsRegisters(
  soc: Soc,
  every: number,
  boot: "normal" | "secure",
): readonly RegisterSpec<GutsRegisterName>[] {
  const liodnBits = BigInt(2 ** soc.liodnBits - 1);
  return [
    {
      name: "PAMUBYPENR",
      offset: PAMUBYPENR,
      width: 4,
      reset: boot === "secure" ? 0n : BigInt(every),
      writable: BigInt(every),
    },
    ...Array.from(
      { length: soc.pcieControllers },
      (_, index): RegisterSpec<GutsRegisterName> => ({
        name: `LIODN${index}`,
        offset: PCIE_LIODN + 4 * index,
        width: 4,
        writable: liodnBits,
      }),
    ),
  ];
}
