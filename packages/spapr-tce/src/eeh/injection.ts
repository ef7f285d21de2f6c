// The errors that can be injected, by PAPR's names and numbers (ibm,errinjct, ioa-bus-error).

import { IommuError } from "@iommukit/core";

/** What goes wrong. A load or store is the CPU's, a DMA the device's; address and data are parity errors. */
export type InjectedFunction = keyof typeof FUNCTIONS;

/** One error to inject. */
export interface InjectedError {
  /** Bits of the bus address: EEH_ERR_TYPE_32 or EEH_ERR_TYPE_64. */
  readonly addressBits: 32 | 64;
  readonly what: InjectedFunction;
  /** Where, on the bus; 0 where the function needs none. */
  readonly address?: bigint;
  /** Which bits of the address count. */
  readonly mask?: bigint;
}

/** The members of an `InjectedError`. */
export const INJECTION: readonly string[] = ["addressBits", "what", "address", "mask"];

/** EEH_ERR_FUNC_*, arch/powerpc/include/uapi/asm/eeh.h (6.12). */
export const FUNCTIONS = {
  "load-memory-address": 0,
  "load-memory-data": 1,
  "load-io-address": 2,
  "load-io-data": 3,
  "load-config-address": 4,
  "load-config-data": 5,
  "store-memory-address": 6,
  "store-memory-data": 7,
  "store-io-address": 8,
  "store-io-data": 9,
  "store-config-address": 10,
  "store-config-data": 11,
  "dma-read-address": 12,
  "dma-read-data": 13,
  "dma-read-master-abort": 14,
  "dma-read-target-abort": 15,
  "dma-write-address": 16,
  "dma-write-data": 17,
  "dma-write-master-abort": 18,
  "dma-write-target-abort": 19,
} as const;

/** The four numbers of `vfio_eeh_pe_err`. Valid errors: `invalid-argument`. */
export function injectionOf({ addressBits, what, address = 0n, mask = 0n }: InjectedError): {
  readonly type: number;
  readonly func: number;
  readonly addr: bigint;
  readonly mask: bigint;
} {
  if (addressBits !== 32 && addressBits !== 64)
    throw bad(`addresses have 32 or 64 bits, not ${String(addressBits)}`);
  if (typeof what !== "string" || !Object.hasOwn(FUNCTIONS, what))
    throw bad(`there is no error ${String(what)}; there are ${Object.keys(FUNCTIONS).join(", ")}`);
  const limit = 1n << BigInt(addressBits);
  for (const value of [address, mask])
    if (typeof value !== "bigint" || value < 0n || value >= limit)
      throw bad(`address and mask are bigints of ${addressBits} bits`);
  return { type: addressBits === 32 ? 0 : 1, func: FUNCTIONS[what], addr: address, mask };
}

function bad(sentence: string): IommuError {
  return new IommuError({ code: "invalid-argument", operation: "injectError", sentence });
}
