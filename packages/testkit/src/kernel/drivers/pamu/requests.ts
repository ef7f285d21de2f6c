// The structs of a call, copied in and checked as the vendor's driver checks them in any mode.

import { PAMU_ATTR, PAMU_MSI_BANK_MAP, PAMU_MSI_BANK_UNMAP } from "../../decode/pamu.ts";
import type { StructTable, StructView } from "../../decode/struct-view.ts";
import { DMA_MAP, DMA_UNMAP } from "../../decode/type1.ts";
import { EFAULT, EINVAL } from "../../errno.ts";
import type { IoctlCall } from "../../open-file.ts";
import type { ByteOrder } from "../../port-types.ts";
import { copyStruct } from "../../user-copy.ts";
import { PAGE } from "../../user-memory.ts";
import type { DmaAccess } from "./dma-list.ts";

/** Flags of MAP_DMA and MAP_MSI_BANK, as the device sees it. */
const READ = 1;
const WRITE = 2;
const TOP = 1n << 64n;

/** A struct that was copied in, and its bytes to copy out. */
export interface Copied<F extends string> {
  readonly bytes: Uint8Array;
  readonly view: StructView<F>;
}

/** MAP_DMA's request: the range does not wrap. */
export interface MapRequest {
  readonly vaddr: bigint;
  readonly iova: bigint;
  readonly size: bigint;
  readonly access: DmaAccess;
}

export interface MsiMapRequest {
  readonly flags: number;
  readonly bank: number;
  readonly iova: bigint;
}

/** What the flags allow a device. */
export function accessOf(flags: number): DmaAccess {
  return { read: (flags & READ) !== 0, write: (flags & WRITE) !== 0 };
}

/** -EFAULT or -EINVAL, else the attribute's struct. */
export function readAttribute(
  call: IoctlCall,
  order: ByteOrder,
): Copied<keyof typeof PAMU_ATTR.fields> | number {
  return copied(call, PAMU_ATTR, order);
}

export function readMsiMap(call: IoctlCall, order: ByteOrder): MsiMapRequest | number {
  const struct = copied(call, PAMU_MSI_BANK_MAP, order);
  if (typeof struct === "number") return struct;
  const { view } = struct;
  return { flags: view.u32("flags"), bank: view.u32("msi_bank_index"), iova: view.u64("iova") };
}

/** Flags and IOVA of UNMAP_MSI_BANK. */
export function readMsiUnmap(
  call: IoctlCall,
  order: ByteOrder,
): { readonly flags: number; readonly iova: bigint } | number {
  const struct = copied(call, PAMU_MSI_BANK_UNMAP, order);
  if (typeof struct === "number") return struct;
  return { flags: struct.view.u32("flags"), iova: struct.view.u64("iova") };
}

/** MAP_DMA up to the point where the modes part: sizes, flags, ranges that wrap. */
export function readMap(call: IoctlCall, order: ByteOrder): MapRequest | number {
  const struct = copied(call, DMA_MAP, order);
  if (typeof struct === "number") return struct;
  const { view } = struct;
  const flags = view.u32("flags");
  if ((flags & ~(READ | WRITE)) !== 0 || flags === 0) return -EINVAL;
  const [vaddr, iova, size] = [view.u64("vaddr"), view.u64("iova"), view.u64("size")];
  // A sum of exactly 2^64 is 0 in the kernel's arithmetic, and let through.
  if (iova + size > TOP || vaddr + size > TOP || size < BigInt(PAGE)) return -EINVAL;
  return { vaddr, iova, size, access: accessOf(flags) };
}

/** UNMAP_DMA's range. */
export function readUnmap(
  call: IoctlCall,
  order: ByteOrder,
): { readonly iova: bigint; readonly size: bigint } | number {
  const struct = copied(call, DMA_UNMAP, order);
  if (typeof struct === "number") return struct;
  if (struct.view.u32("flags") !== 0) return -EINVAL;
  return { iova: struct.view.u64("iova"), size: struct.view.u64("size") };
}

function copied<F extends string>(
  call: IoctlCall,
  table: StructTable<F | "argsz">,
  order: ByteOrder,
): Copied<F | "argsz"> | number {
  const struct = copyStruct(call.argument, table, order);
  if (struct === undefined) return -EFAULT;
  return struct.view.u32("argsz") < table.size ? -EINVAL : struct;
}
