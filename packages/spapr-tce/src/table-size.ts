// How large the kernel makes a TCE table, and which tables it cannot make, by its own arithmetic.
//
// VFIO_IOMMU_SPAPR_TCE_CREATE charges the size to the locked memory before it looks at the rest, and when
// it then fails the charge stays until the process ends. So the library computes first what the kernel
// will compute, and asks for nothing that must fail. Everything here is pure.

/**
 * Where TCE tables are: `levelled` in this kernel's memory (powernv: a table for the hardware and as much
 * again for the addresses in the process, 1 to 5 levels), or `flat` in the hypervisor's (pseries: the kernel
 * keeps the process's addresses only, one level).
 */
export type TableKind = "levelled" | "flat";

/** A window's table: 2^`shift` bytes a page, `size` bytes of IOVAs, a power of two not below a page. */
export interface TableShape {
  readonly shift: number;
  readonly size: bigint;
  readonly levels: number;
}

/** The kernel that makes it. */
export interface TableMaker {
  readonly tables: TableKind;
  /** Bytes of the kernel's own page: 4096 or 65536. */
  readonly kernelPageSize: number;
}

/**
 * Why a table cannot be made: too many address bits for the hardware, one piece too large to allocate, or
 * more entries than a hypervisor counts.
 */
export type TableProblem = "too-deep" | "piece-too-large" | "too-many-entries";

/** The bits of a PCI address that a TCE table can translate (IODA2 and IODA3: TVE, 55 bits). */
const TRANSLATED_BITS = 55;
/** The largest piece that Linux allocates at once for a table: MAX_PAGE_ORDER 12 of 4 KiB, 8 of 64 KiB. */
const LARGEST_PIECE = 16n * 1024n * 1024n;
/**
 * The most entries of an LPAR's window: ibm,query-pe-dma-window tells the largest block in 32 bits (LoPAR
 * 2.13, 7.3.10), and QEMU counts in 32 bits whatever it tells. A create that the firmware then refuses
 * poisons the device until the next boot.
 */
const MOST_ENTRIES = 1n << 31n;
const ENTRY_BITS = 3;
/** No table of the hardware is smaller. */
const SMALLEST_TABLE = 4096n;

/** log2 of a power of two. */
export function log2(value: bigint): number {
  return value.toString(2).length - 1;
}

export function isPowerOfTwo(value: bigint): boolean {
  return value > 0n && (value & (value - 1n)) === 0n;
}

/**
 * The bytes that TCE_CREATE charges for a table; REMOVE gives the same number back.
 *
 * The kernel charges whole pages of its own and rounds down, so a `flat` table of less than a page is free.
 * The number says how large the full table would be: lower levels are allocated when they are mapped.
 */
export function tableBytes(maker: TableMaker, shape: TableShape): bigint {
  const page = BigInt(maker.kernelPageSize);
  const bytes = maker.tables === "flat" ? flatBytes(shape) : levelledBytes(page, shape);
  return (bytes / page) * page;
}

/** pSeries: 8 bytes for each page of the window. */
function flatBytes({ shift, size }: TableShape): bigint {
  return (size >> BigInt(shift)) << BigInt(ENTRY_BITS);
}

/** PowerNV (pnv_pci_ioda2_get_table_size, pci-ioda-tce.c): pieces of equal size on each level, twice. */
function levelledBytes(kernelPage: bigint, shape: TableShape): bigint {
  const piece = 1n << BigInt(Math.max(indexBits(shape) + ENTRY_BITS, log2(kernelPage)));
  let level = flatBytes(shape);
  if (level < SMALLEST_TABLE) level = SMALLEST_TABLE;
  let sum = 0n;
  for (let i = 0; i < shape.levels; i++) {
    sum += roundUp(level, piece);
    const above = (level / piece) << BigInt(ENTRY_BITS);
    level = above > piece ? above : piece;
  }
  return 2n * sum;
}

/** Address bits that index each level. */
function indexBits({ shift, size, levels }: TableShape): number {
  return Math.ceil((log2(size) - shift) / levels);
}

/** Why the kernel could not make this table, having charged it; undefined when it can. */
export function tableProblem(maker: TableMaker, shape: TableShape): TableProblem | undefined {
  if (maker.tables === "flat")
    return shape.size >> BigInt(shape.shift) > MOST_ENTRIES ? "too-many-entries" : undefined;
  const bits = Math.max(indexBits(shape), log2(BigInt(maker.kernelPageSize)) - ENTRY_BITS);
  if (bits * shape.levels + shape.shift >= TRANSLATED_BITS) return "too-deep";
  return 1n << BigInt(bits + ENTRY_BITS) > LARGEST_PIECE ? "piece-too-large" : undefined;
}

function roundUp(value: bigint, step: bigint): bigint {
  return ((value + step - 1n) / step) * step;
}
