// A translation validation entry (TVE): what one DMA window of a PE is (IODA2, "TVT").
//
// Bits in the manual's numbering, 0 is the most significant: 0:47 address of the top table >> 12,
// 48:50 levels - 1, 51:55 bytes of one table as log2 - 11, 59:63 page size as log2 - 11. All zero is
// "no window"; page size 0 with anything else is bypass, with 0:23 and 24:47 the first and the last
// 16 MiB block that may be reached.

export interface TranslatedWindow {
  readonly kind: "translated";
  /** First frame of the top table. */
  readonly tableFrame: number;
  readonly levels: number;
  /** log2 of the entries of each table. */
  readonly indexBits: number;
  readonly pageShift: number;
}

export interface BypassWindow {
  readonly kind: "bypass";
  /** 4 KiB frames, the last one included. */
  readonly firstFrame: number;
  readonly lastFrame: number;
}

export type Tve = { readonly kind: "absent" } | TranslatedWindow | BypassWindow;

const ABSENT: Tve = { kind: "absent" };
/** 16 MiB in frames. */
const BLOCK_FRAMES = 4096;

/** Decodes bits 0:31 and 32:63. */
export function decodeTve(high: number, low: number): Tve {
  const tableSizeCode = (low >>> 8) & 0x1f;
  const pageSizeCode = low & 0x1f;
  if (high === 0 && low === 0) return ABSENT;
  if (pageSizeCode === 0) return bypass(high, low);
  if (tableSizeCode === 0) return ABSENT;
  return {
    kind: "translated",
    tableFrame: high * 0x1_0000 + (low >>> 16),
    levels: ((low >>> 13) & 7) + 1,
    indexBits: tableSizeCode + 8,
    pageShift: pageSizeCode + 11,
  };
}

function bypass(high: number, low: number): BypassWindow {
  const first = high >>> 8;
  const last = (high & 0xff) * 0x1_0000 + (low >>> 16);
  return {
    kind: "bypass",
    firstFrame: first * BLOCK_FRAMES,
    lastFrame: (last + 1) * BLOCK_FRAMES - 1,
  };
}
