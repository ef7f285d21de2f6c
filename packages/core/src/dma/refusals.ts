// The ledger's refusals, in words: each is an error made on the throw path only.

import type { ByteSize, HostAddress, Iova } from "../address/address.ts";
import { formatAddress, formatRange, formatSize } from "../address/units.ts";
import type { CapabilityName, CapabilityRecord } from "../contract/capabilities.ts";
import type { Mapping } from "../contract/dma-path.ts";
import type { DmaWindow } from "../contract/dma-window.ts";
import { IommuError } from "../errors/base.ts";

export function notAnAddress(operation: string, name: string, value: unknown): IommuError {
  const said = typeof value === "bigint" ? value.toString() : `of type ${typeof value}`;
  return new IommuError({
    code: "invalid-address",
    operation,
    sentence: `${operation} refused: ${name} is ${said}, not a 64-bit address or size`,
    facts: { argument: name },
    hint: "make it with iova(), hostAddress() or bytes()",
  });
}

export function badAccess(access: unknown): IommuError {
  return new IommuError({
    code: "invalid-argument",
    operation: "map",
    sentence: `map refused: ${String(access)} is not an access`,
    hint: "one of read, write, read-write, as the device sees it",
  });
}

export function writeOnly(reason: string): IommuError {
  return new IommuError({
    code: "not-offered",
    operation: "map",
    sentence: `map refused: access write would let the device read too: ${reason}`,
    facts: { capability: "write-only" },
    hint: "map it read-write, or open the container with accept: ['write-implies-read']",
  });
}

export function zeroSize(operation: string, iova: bigint): IommuError {
  return new IommuError({
    code: "zero-size",
    operation,
    sentence: `${operation} of zero bytes refused at ${formatAddress(iova)}`,
    facts: { iova },
  });
}

interface Range {
  readonly iova?: Iova;
  readonly size?: ByteSize;
  readonly host: HostAddress | undefined;
}

export function misaligned(operation: string, range: Range, granule: bigint): IommuError {
  const wrong = Object.entries(range)
    .filter(([, value]) => value !== undefined && value % granule !== 0n)
    .map(([name]) => name);
  return new IommuError({
    code: "misaligned",
    operation,
    sentence: `${operation} refused: ${wrong.join(" and ")} must be a multiple of ${formatSize(granule)}`,
    facts: { ...range, granule },
  });
}

export function outsideWindow(
  operation: string,
  iova: Iova,
  size: ByteSize,
  windows: readonly DmaWindow[],
): IommuError {
  return new IommuError({
    code: "outside-window",
    operation,
    sentence: `${operation} refused: no one window covers ${formatRange(iova, size)}`,
    facts: {
      iova,
      size,
      windows: windows.map((w) => `${formatAddress(w.start)}..${formatAddress(w.last)}`),
    },
    hint:
      windows.length === 0
        ? "the container has no window now"
        : "choose a range inside one window, or let mapAnywhere choose",
  });
}

export function alreadyMapped(
  iova: Iova,
  size: ByteSize,
  other: Mapping | undefined,
  operation = "map",
): IommuError {
  const where = other === undefined ? "a live mapping" : formatRange(other.iova, other.size);
  return new IommuError({
    code: "already-mapped",
    operation,
    sentence: `${operation} refused: ${formatRange(iova, size)} meets ${where}`,
    facts: { iova, size, otherIova: other?.iova, otherSize: other?.size },
  });
}

export function reserved(operation: string, iova: Iova, size: ByteSize, what: string): IommuError {
  return new IommuError({
    code: "already-mapped",
    operation,
    sentence: `${operation} refused: ${formatRange(iova, size)} meets ${what}`,
    facts: { iova, size, reserved: what },
  });
}

export function hostWraps(
  operation: string,
  host: HostAddress,
  size: ByteSize,
  bits: number,
): IommuError {
  return new IommuError({
    code: "invalid-address",
    operation,
    sentence: `${operation} refused: the host range from ${formatAddress(host)} leaves ${bits} bits`,
    facts: { host, size },
  });
}

export function notContiguous(
  host: HostAddress,
  size: ByteSize,
  piece: bigint,
  backing: number | undefined,
): IommuError {
  const known = backing === undefined ? "is not known" : `has pages of ${formatSize(backing)}`;
  return new IommuError({
    code: "memory-fault",
    operation: "map",
    sentence: `map refused: the window needs memory that is contiguous in pieces of ${formatSize(piece)}, and what backs ${formatRange(host, size)} ${known}`,
    facts: { host, size, contiguity: piece, backing },
    hint:
      backing === undefined
        ? "say it with memory.register(address, size, { pageSize })"
        : `allocate it with pageSize: ${piece}, or open a window of smaller pages`,
  });
}

export function notRegistered(host: HostAddress, size: ByteSize): IommuError {
  return new IommuError({
    code: "memory-not-registered",
    operation: "map",
    sentence: `map refused: ${formatRange(host, size)} of host memory is not registered`,
    facts: { host, size },
    hint: "call memory.register() for the whole range first",
  });
}

export function mappingLimit(limit: number, count: number): IommuError {
  return new IommuError({
    code: "mapping-limit",
    operation: "map",
    sentence: `map refused: the kernel holds at most ${limit} mappings and ${count} are live`,
    facts: { limit, count },
    hint: "map larger ranges, or raise the module parameter (vfio_iommu_type1.dma_entry_limit) before the container is opened",
  });
}

export function notMapped(operation: string, iova: Iova, size: ByteSize): IommuError {
  return new IommuError({
    code: "not-mapped",
    operation,
    sentence: `${operation} refused: nothing is mapped in ${formatRange(iova, size)}`,
    facts: { iova, size },
  });
}

export function splits(operation: string, iova: Iova, size: ByteSize, cut: Mapping): IommuError {
  return new IommuError({
    code: "splits-mapping",
    operation,
    sentence: `${operation} refused: ${formatRange(iova, size)} cuts the mapping ${formatRange(cut.iova, cut.size)}`,
    facts: { iova, size, mappingIova: cut.iova, mappingSize: cut.size },
    hint: "mappings are taken whole; name the mapping's own range",
  });
}

export function stillMapping(operation: string): IommuError {
  return new IommuError({
    code: "wrong-state",
    operation,
    sentence: `${operation} refused: a chunked map of this range is still running`,
    hint: "await it, or abort it through its signal",
  });
}

export function noSpace(
  size: bigint,
  alignment: bigint | undefined,
  highest: bigint | undefined,
): IommuError {
  return new IommuError({
    code: "no-iova-space",
    operation: "mapAnywhere",
    sentence: `no free range of ${formatSize(size)} in any window`,
    facts: { size, alignment, highest },
  });
}

export function notOffered(
  capabilities: CapabilityRecord,
  operation: string,
  capability: CapabilityName,
): IommuError {
  const status = capabilities[capability];
  return new IommuError({
    code: "not-offered",
    operation,
    sentence: `${operation} refused: ${capability} is not offered by this backend`,
    facts: { capability },
    hint: status === undefined || status.offered ? undefined : status.reason,
  });
}
