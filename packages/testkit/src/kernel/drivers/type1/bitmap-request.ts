// struct vfio_bitmap as UNMAP and DIRTY_PAGES take it: where the dirty bits go, and whether they fit.
//
// type1.md 2.6 step 4 and 2.8 steps 7 and 8.

import type { StructView } from "../../decode/struct-view.ts";
import { BITMAP } from "../../decode/type1.ts";
import { EFAULT, EINVAL } from "../../errno.ts";
import type { ByteOrder } from "../../port-types.ts";
import { copyStruct, type UserPointer } from "../../user-copy.ts";
import { PAGE, USER_PAGES } from "../../user-memory.ts";

const MAX_BITMAP_BYTES = 0x1000_0000n;
const USER_LIMIT = BigInt(USER_PAGES) * BigInt(PAGE);

export interface BitmapRequest {
  readonly pageSize: bigint;
  /** The user's address of the first word. */
  readonly data: number;
}

/** Copies the struct that follows the head of UNMAP, and checks it: -EFAULT or -EINVAL. */
export function readBitmap(
  argument: UserPointer,
  order: ByteOrder,
  request: { readonly argsz: number; readonly at: number; readonly size: bigint },
): BitmapRequest | number {
  if (request.argsz < request.at + BITMAP.size) return -EINVAL;
  const tail: UserPointer = {
    register: argument.register,
    read: (offset, length) => argument.read(request.at + offset, length),
    write: (offset, from) => argument.write(request.at + offset, from),
  };
  const copied = copyStruct(tail, BITMAP, order);
  return copied === undefined ? -EFAULT : checkBitmap(copied.view, request.size);
}

/** Whether the bitmap lies in user space and has a bit for each page of `size` bytes. */
export function checkBitmap(
  view: StructView<"pgsize" | "size" | "data">,
  size: bigint,
): BitmapRequest | number {
  const [pageSize, bytes, data] = [view.u64("pgsize"), view.u64("size"), view.u64("data")];
  if (bytes > USER_LIMIT || data > USER_LIMIT - bytes) return -EINVAL;
  const pages = pageSize === 0n ? 0n : size / (pageSize & -pageSize);
  const needed = 8n * ((pages + 63n) / 64n);
  if (pages === 0n || bytes === 0n || bytes > MAX_BITMAP_BYTES || bytes < needed) return -EINVAL;
  return { pageSize, data: Number(data) };
}
