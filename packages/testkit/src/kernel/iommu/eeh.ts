// Enhanced error handling of one PE, as the kernel's eeh_pe_* functions offer it to VFIO.
//
// Answers are 0, a state of PAPR 7.3.6 ("ibm,read-slot-reset-state2"), or -errno.

/** PAPR: 0 normal, 1 reset, 2 MMIO and DMA stopped, 4 DMA stopped, 5 unavailable. */
export const EEH_NORMAL = 0;
export const EEH_RESET = 1;
export const EEH_STOPPED = 2;
export const EEH_DMA_STOPPED = 4;
export const EEH_UNAVAILABLE = 5;

export type EehOption = "disable" | "enable" | "thaw-io" | "thaw-dma";
export type EehReset = "deactivate" | "hot" | "fundamental";

/** An error to inject: PAPR 7.3.22 "ibm,errinjct". */
export interface InjectedError {
  readonly type: number;
  readonly func: number;
  readonly address: bigint;
  readonly mask: bigint;
}

export interface EehPe {
  option(option: EehOption): number;
  state(): number;
  reset(reset: EehReset): number;
  configure(): number;
  inject(error: InjectedError): number;
  /** Whether config space and BARs do not answer now, and with which byte they answer instead. */
  silence(): number | undefined;
}
