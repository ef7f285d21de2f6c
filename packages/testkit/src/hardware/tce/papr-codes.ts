// Numbers of PAPR that a guest and its hypervisor share: codes of hypercalls, and the status of RTAS.

export const H_SUCCESS = 0;
export const H_PARAMETER = -4;

export const RTAS_OK = 0;
export const RTAS_HARDWARE = -1;
export const RTAS_PARAMETER = -3;

/** RTAS page mask bits by page shift: PAPR 7.3.21, out of order for 2 MiB. */
export const PAGE_MASK_BITS: readonly (readonly [shift: number, bit: number])[] = [
  [12, 0x1],
  [16, 0x2],
  [24, 0x4],
  [21, 0x100],
];
