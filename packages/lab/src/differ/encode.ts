// The bytes of each call's argument, written by hand from include/uapi/linux/vfio.h (6.12).
//
// Apart from the library's own tables and from the simulated kernel's: what is compared here must not
// share a mistake with either. Little-endian 64-bit machines: x86-64 and ppc64le lay structs out alike.

import type { KernelPort } from "@iommukit/core";
import { match } from "ts-pattern";
import type {
  CreateOp,
  EehOp,
  IrqsOp,
  MapOp,
  Op,
  RangeOp,
  RegisterOp,
  RemoveOp,
  Slot,
  Word64,
  WordCall,
} from "./op.ts";

/** `_IO(';', 100)` where "no direction" is 0; powerpc has a bit for it. */
const VFIO = 0x3b64;
const POWERPC_NO_DIRECTION = 0x2000_0000;

const WORD_CALLS: Readonly<Record<WordCall, number>> = {
  GET_API_VERSION: VFIO,
  CHECK_EXTENSION: VFIO + 1,
  SET_IOMMU: VFIO + 2,
  GROUP_GET_STATUS: VFIO + 3,
  GROUP_SET_CONTAINER: VFIO + 4,
  GROUP_UNSET_CONTAINER: VFIO + 5,
  GROUP_GET_DEVICE_FD: VFIO + 6,
  DEVICE_GET_INFO: VFIO + 7,
  DEVICE_RESET: VFIO + 11,
  IOMMU_GET_INFO: VFIO + 12,
  IOMMU_MAP_DMA: VFIO + 13,
  IOMMU_UNMAP_DMA: VFIO + 14,
  IOMMU_ENABLE: VFIO + 15,
  IOMMU_DISABLE: VFIO + 16,
  // SPAPR_REGISTER_MEMORY as well.
  IOMMU_DIRTY_PAGES: VFIO + 17,
  SPAPR_UNREGISTER_MEMORY: VFIO + 18,
  SPAPR_TCE_CREATE: VFIO + 19,
  SPAPR_TCE_REMOVE: VFIO + 20,
  EEH_PE_OP: VFIO + 21,
  UNKNOWN: 0x3bff,
};

/** Longer than anything that a kernel writes here, so that what it must not touch is seen. */
export const ARGUMENT_BYTES = 512;
const UNTOUCHED = 0xee;

export interface Names {
  readonly fdOf: (slot: Slot) => number;
  readonly addressOf: (word: Word64) => bigint;
  readonly deviceName: (template: string) => string;
}

/** For calls that name nothing. */
export const NO_NAMES: Names = { fdOf: () => -1, addressOf: BigInt, deviceName: (name) => name };

export interface Encoded {
  readonly request: number;
  readonly argument: Uint8Array | number;
}

/** An ioctl; the other ops are no ioctls. */
export type IoctlOp = Exclude<
  Op,
  { op: "open" | "eventfd" | "close" | "limit" | "read" | "write" | "dma" }
>;

export function encode(abi: KernelPort["abi"], op: IoctlOp, names: Names): Encoded {
  const { request, argument } = generic(op, names);
  const direction = abi.ioctlEncoding === "powerpc" ? POWERPC_NO_DIRECTION : 0;
  return { request: request + direction, argument };
}

function generic(op: IoctlOp, names: Names): Encoded {
  return match(op)
    .returnType<Encoded>()
    .with({ op: "word" }, ({ call, value }) => ({ request: WORD_CALLS[call], argument: value }))
    .with({ op: "status" }, ({ argsz }) => words(VFIO + 3, [argsz]))
    .with({ op: "attach" }, ({ container }) => words(VFIO + 4, [names.fdOf(container)]))
    .with({ op: "device" }, ({ name }) => ({
      request: VFIO + 6,
      argument: cString(names.deviceName(name)),
    }))
    .with({ op: "device-info" }, ({ argsz }) => words(VFIO + 7, [argsz]))
    .with({ op: "region-info" }, ({ argsz, index }) => words(VFIO + 8, [argsz, 0, index]))
    .with({ op: "irq-info" }, ({ argsz, index }) => words(VFIO + 9, [argsz, 0, index]))
    .with({ op: "set-irqs" }, (irqs) => setIrqs(irqs, names))
    .with({ op: "iommu-info" }, ({ argsz }) => words(VFIO + 12, [argsz]))
    .with({ op: "map" }, (map) => mapDma(map, names))
    .with({ op: "unmap" }, (range) => unmapDma(range, names))
    .with({ op: "dirty" }, (range) => dirtyPages(range, names))
    .with({ op: "register" }, (memory) => register(VFIO + 17, memory, names))
    .with({ op: "unregister" }, (memory) => register(VFIO + 18, memory, names))
    .with({ op: "create" }, createWindow)
    .with({ op: "remove" }, removeWindow)
    .with({ op: "eeh" }, eehOperation)
    .exhaustive();
}

function words(request: number, values: readonly number[]): Encoded {
  const { bytes, view } = blank();
  for (const [index, value] of values.entries()) view.setUint32(4 * index, value >>> 0, true);
  return { request, argument: bytes };
}

function mapDma({ argsz, flags, vaddr, iova, size }: MapOp, { addressOf }: Names): Encoded {
  const { bytes, view } = blank();
  view.setUint32(0, argsz, true);
  view.setUint32(4, flags, true);
  view.setBigUint64(8, addressOf(vaddr), true);
  view.setBigUint64(16, BigInt(iova), true);
  view.setBigUint64(24, BigInt(size), true);
  return { request: VFIO + 13, argument: bytes };
}

function unmapDma(range: RangeOp, names: Names): Encoded {
  const { bytes, view } = blank();
  view.setUint32(0, range.argsz, true);
  view.setUint32(4, range.flags, true);
  view.setBigUint64(8, BigInt(range.iova), true);
  view.setBigUint64(16, BigInt(range.size), true);
  setBitmap(view, 24, range, names);
  return { request: VFIO + 14, argument: bytes };
}

function dirtyPages(range: RangeOp, names: Names): Encoded {
  const { bytes, view } = blank();
  view.setUint32(0, range.argsz, true);
  view.setUint32(4, range.flags, true);
  view.setBigUint64(8, BigInt(range.iova), true);
  view.setBigUint64(16, BigInt(range.size), true);
  setBitmap(view, 24, range, names);
  return { request: VFIO + 17, argument: bytes };
}

function register(
  request: number,
  { argsz, flags, vaddr, size }: RegisterOp,
  { addressOf }: Names,
): Encoded {
  const { bytes, view } = blank();
  view.setUint32(0, argsz, true);
  view.setUint32(4, flags, true);
  view.setBigUint64(8, addressOf(vaddr), true);
  view.setBigUint64(16, BigInt(size), true);
  return { request, argument: bytes };
}

/** The reserved members and the place of the answer stay as they were filled. */
function createWindow({ argsz, flags, pageShift, windowSize, levels }: CreateOp): Encoded {
  const { bytes, view } = blank();
  view.setUint32(0, argsz, true);
  view.setUint32(4, flags, true);
  view.setUint32(8, pageShift, true);
  view.setBigUint64(16, BigInt(windowSize), true);
  view.setUint32(24, levels, true);
  return { request: VFIO + 19, argument: bytes };
}

function removeWindow({ argsz, flags, start }: RemoveOp): Encoded {
  const { bytes, view } = blank();
  view.setUint32(0, argsz, true);
  view.setUint32(4, flags, true);
  view.setBigUint64(8, BigInt(start), true);
  return { request: VFIO + 20, argument: bytes };
}

/** Four bytes of padding come before the error to inject. */
function eehOperation({ argsz, flags, operation, type, func }: EehOp): Encoded {
  const { bytes, view } = blank();
  for (const [index, value] of [argsz, flags, operation].entries())
    view.setUint32(4 * index, value >>> 0, true);
  view.setUint32(16, type >>> 0, true);
  view.setUint32(20, func >>> 0, true);
  view.setBigUint64(24, 0n, true);
  view.setBigUint64(32, 0n, true);
  return { request: VFIO + 21, argument: bytes };
}

function setBitmap(view: DataView, at: number, { bitmap }: RangeOp, { addressOf }: Names): void {
  if (bitmap === undefined) return;
  view.setBigUint64(at, BigInt(bitmap.pgsize), true);
  view.setBigUint64(at + 8, BigInt(bitmap.size), true);
  view.setBigUint64(at + 16, addressOf(bitmap.data), true);
}

function setIrqs({ argsz, flags, index, start, count, data }: IrqsOp, names: Names): Encoded {
  const numbers = data.map((item) => (typeof item === "number" ? item : names.fdOf(item)));
  return words(VFIO + 10, [argsz, flags, index, start, count, ...numbers]);
}

function blank(): { readonly bytes: Uint8Array; readonly view: DataView } {
  const bytes = new Uint8Array(ARGUMENT_BYTES).fill(UNTOUCHED);
  return { bytes, view: new DataView(bytes.buffer) };
}

function cString(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.max(ARGUMENT_BYTES, text.length + 1)).fill(UNTOUCHED);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  bytes[text.length] = 0;
  return bytes;
}
