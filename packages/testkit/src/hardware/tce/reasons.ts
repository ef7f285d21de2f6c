// Why a PHB refuses an access, with the bit of PESTA that says so (IODA2, "PE state table").

export const TVE_ABSENT = 16;
export const ADDRESS_INVALID = 17;
export const TCE_PAGE_FAULT = 18;
export const TCE_ACCESS_FAULT = 19;
/** The PE was stopped before: nothing new is recorded. */
export const PE_STOPPED = 0;

const TEXTS: Readonly<Record<number, string>> = {
  [TVE_ABSENT]: "no TVE for this window",
  [ADDRESS_INVALID]: "address outside the windows of the PE",
  [TCE_PAGE_FAULT]: "TCE page fault",
  [TCE_ACCESS_FAULT]: "TCE access fault",
  [PE_STOPPED]: "DMA of this PE is stopped",
};

export function reasonText(code: number): string {
  return TEXTS[code] ?? `code ${code}`;
}
