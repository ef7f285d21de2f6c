// The QorIQ systems on a chip that have PAMUs, as data.
//
// Counts and cache geometries are those of the device trees in Linux 6.12 (arch/powerpc/boot/dts/fsl).
// The number in PR1 is made up but for its order: no public text lists it.

/** Lines and ways of one PAMU's caches, as `fsl,primary-cache-geometry` tells them. */
export interface CacheGeometry {
  readonly primary: readonly [lines: number, ways: number];
  readonly secondary: readonly [lines: number, ways: number];
}

/** What one PAMU can do; its capability registers say it. */
export interface PamuCapabilities {
  /** MWCE of PC3: at most 2^(code + 1) windows. */
  readonly largestCountCode: number;
  /** Width of a LIODN (`fsl,liodn-bits`). */
  readonly liodnBits: number;
  /** PR1. */
  readonly revision: number;
}

/** What is wrong with the silicon. The default of each switch is its system on a chip's. */
export interface PamuErrata {
  /** Violations of a LIODN with V = 0 are reported like others; without it they are silent. */
  readonly "A-003638": boolean;
  /** A status bit of PICS goes away only at the second write of a one. */
  readonly PAMU3: boolean;
  /** Writing a one to a status bit of PICS that is zero sets it. */
  readonly "PAMU-A001": boolean;
  /** A base register takes a value only while PC.OCE is set. */
  readonly "A-005982": boolean;
  /** Table fetches are coherent only in a coherence subdomain with the PAMUs' ports. */
  readonly "A-004510": boolean;
  /** Stashing into an L1 cache must not be asked for. */
  readonly "A-007907": boolean;
}

/** One system on a chip. */
export interface Soc extends PamuCapabilities {
  readonly name: string;
  /** One geometry for each PAMU. */
  readonly pamus: readonly CacheGeometry[];
  readonly errata: PamuErrata;
  /** Ports of the PAMUs in a coherence subdomain, as A-004510's workaround names them; 0 for none. */
  readonly portIds: number;
  /** PCI Express controllers; each has one LIODN register in GUTS. */
  readonly pcieControllers: number;
  /** Physical addresses of the MSIIR aliases, one for each MSI bank. */
  readonly msiirAliases: readonly number[];
}

const USUAL: CacheGeometry = { primary: [32, 1], secondary: [128, 2] };
const WIDE: Pick<Soc, "largestCountCode" | "liodnBits" | "revision"> = {
  largestCountCode: 7,
  liodnBits: 12,
  revision: 0x0200,
};
const ERRATA: PamuErrata = {
  "A-003638": true,
  PAMU3: false,
  "PAMU-A001": false,
  "A-005982": false,
  "A-004510": false,
  "A-007907": false,
};
/** With CCSR at 0xf_fe00_0000: MPIC has three banks, MPIC 4.3 four, with the alias 8 bytes on. */
const MPIC: readonly number[] = [0xf_fe04_4140, 0xf_fe04_5140, 0xf_fe04_6140];
const MPIC_43: readonly number[] = [0xf_fe04_4148, 0xf_fe04_5148, 0xf_fe04_6148, 0xf_fe04_7148];

function same(count: number, geometry: CacheGeometry = USUAL): readonly CacheGeometry[] {
  return Array.from({ length: count }, () => geometry);
}

const P_SERIES = { ...WIDE, errata: ERRATA, portIds: 0, pcieControllers: 3, msiirAliases: MPIC };
const T_SERIES = { ...P_SERIES, pcieControllers: 4, msiirAliases: MPIC_43 };
const B_SERIES_CACHES: readonly CacheGeometry[] = [
  { primary: [8, 1], secondary: [32, 2] },
  ...same(3, { primary: [32, 1], secondary: [32, 2] }),
];
const L1_STASH_BROKEN: PamuErrata = { ...ERRATA, "A-007907": true };

export type SocName =
  | "p4080-rev1"
  | "p4080"
  | "p2041"
  | "p3041"
  | "p5020"
  | "p5040"
  | "t4240"
  | "b4860"
  | "t2080"
  | "t1040"
  | "t1023";

const SOCS: Readonly<Record<SocName, Omit<Soc, "name">>> = {
  /** Revision 1: 16 windows, and status bits that want two writes. */
  "p4080-rev1": {
    ...P_SERIES,
    pamus: same(5),
    largestCountCode: 3,
    revision: 0x0100,
    errata: { ...ERRATA, PAMU3: true },
  },
  /** Revision 2 and later. */
  p4080: {
    ...P_SERIES,
    pamus: same(5),
    errata: { ...ERRATA, "PAMU-A001": true },
    portIds: 0xfff8_0000,
  },
  p2041: { ...P_SERIES, pamus: same(4), portIds: 0xff00_0000 },
  p3041: { ...P_SERIES, pamus: same(4), portIds: 0xff00_0000, pcieControllers: 4 },
  p5020: { ...P_SERIES, pamus: same(4), portIds: 0xfc00_0000, pcieControllers: 4 },
  p5040: { ...P_SERIES, pamus: same(5), portIds: 0xff80_0000 },
  t4240: { ...T_SERIES, pamus: same(6), errata: L1_STASH_BROKEN },
  b4860: { ...T_SERIES, pamus: B_SERIES_CACHES, errata: L1_STASH_BROKEN, pcieControllers: 1 },
  t2080: { ...T_SERIES, pamus: same(3), errata: L1_STASH_BROKEN },
  t1040: { ...T_SERIES, pamus: same(1, { primary: [128, 1], secondary: [16, 2] }) },
  t1023: { ...T_SERIES, pamus: same(1, { primary: [128, 1], secondary: [32, 2] }) },
};

// cast: the keys of SOCS are exactly the names.
export const SOC_NAMES: readonly SocName[] = Object.keys(SOCS) as SocName[];

export function socNamed(name: SocName): Soc {
  return { name, ...SOCS[name] };
}
