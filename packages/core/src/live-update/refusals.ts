// The refusals of an address update, in words.

import { formatRange } from "../address/units.ts";
import type { Mapping } from "../contract/dma-path.ts";
import { IommuError } from "../errors/base.ts";

export function invalidAddresses(operation: string): IommuError {
  return new IommuError({
    code: "wrong-state",
    operation,
    sentence: `${operation} refused: the host addresses of some mappings are invalid`,
    hint: "supply the new addresses first, or unmap those mappings; addresses.invalid() lists them",
  });
}

export function alreadyInvalid(operation: string, mapping: Mapping): IommuError {
  return new IommuError({
    code: "wrong-state",
    operation,
    sentence: `${operation} refused: the address of ${formatRange(mapping.iova, mapping.size)} is invalid already`,
    facts: { iova: mapping.iova, size: mapping.size },
    hint: "leave it out, or supply its new address first",
  });
}

export function notInvalid(mapping: Mapping): IommuError {
  return new IommuError({
    code: "wrong-state",
    operation: "supply",
    sentence: `supply refused: the address of ${formatRange(mapping.iova, mapping.size)} is valid`,
    facts: { iova: mapping.iova, size: mapping.size, host: mapping.host },
    hint: "invalidate it first",
  });
}

export function suppliedTwice(iova: bigint): IommuError {
  return new IommuError({
    code: "invalid-argument",
    operation: "supply",
    sentence: "supply refused: a mapping is named twice",
    facts: { iova },
  });
}

export function notTakenBack(mapping: Mapping): IommuError {
  return new IommuError({
    code: "kernel-misbehaved",
    operation: "supply",
    sentence: `the address of ${formatRange(mapping.iova, mapping.size)} cannot be made again what it was`,
    facts: { iova: mapping.iova, size: mapping.size, host: mapping.host },
  });
}
