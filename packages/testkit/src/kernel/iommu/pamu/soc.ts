// The QorIQ SoCs that are simulated: how many PAMUs, caches, MSI banks, and where.
//
// From the device trees of Linux (arch/powerpc/boot/dts/fsl/*si-post.dtsi, qoriq-mpic*.dtsi) and from
// U-Boot's numbering of stash ids (arch/powerpc/cpu/mpc8xxx/fdt.c). CCSR lies at 0xf_fe00_0000.

/** One message interrupt bank: writing a vector to its alias raises an interrupt. */
export interface MsiBank {
  /** Physical address of the MSIIR alias: 0x140 (MPIC 4.3: 0x148) inside its page. */
  readonly alias: number;
}

/** A SoC as the kernel's drivers find it. */
export interface PamuSoc {
  readonly name: "p4080" | "t4240";
  /** For `compatible` of the device tree's root. */
  readonly compatible: string;
  readonly wordBits: 32 | 64;
  /** Width of physical addresses. */
  readonly addressBits: number;
  readonly pamus: number;
  /** PC3, whose MWCE field says how many windows there may be. */
  readonly pc3: number;
  readonly msiBanks: readonly MsiBank[];
  /** Hardware threads. */
  readonly cpus: number;
  /** Threads that share a level 2 cache. */
  readonly cpusPerL2: number;
  /** Version of the PCIe controllers (BRR1). */
  readonly pcieVersion: number;
}

/** Physical base of the configuration space. */
export const CCSR = 0xf_fe00_0000;
/** From there: the first PAMU, each 4 KiB, and PAMUBYPENR of the GUTS block. */
export const PAMU_AT = 0x2_0000;
export const PAMU_BYTES = 0x1000;
export const PAMUBYPENR_AT = 0x604;
const MSIIR_PAGES = 0x4_4000;

/** P4080: e500mc, 32-bit, five PAMUs, MPIC with three banks of 256 vectors. */
export const P4080: PamuSoc = {
  name: "p4080",
  compatible: "fsl,P4080DS",
  wordBits: 32,
  addressBits: 36,
  pamus: 5,
  pc3: 0x00e0_0000,
  msiBanks: banks(3, 0x140),
  cpus: 8,
  cpusPerL2: 1,
  pcieVersion: 0x0202,
};

/** T4240: e6500, 64-bit, six PAMUs, MPIC 4.3 with four banks. */
export const T4240: PamuSoc = {
  name: "t4240",
  compatible: "fsl,T4240QDS",
  wordBits: 64,
  addressBits: 40,
  pamus: 6,
  pc3: 0x00e0_0000,
  msiBanks: banks(4, 0x148),
  cpus: 24,
  cpusPerL2: 8,
  pcieVersion: 0x0300,
};

function banks(count: number, alias: number): readonly MsiBank[] {
  return Array.from({ length: count }, (_, bank) => ({
    alias: CCSR + MSIIR_PAGES + bank * 0x1000 + alias,
  }));
}
