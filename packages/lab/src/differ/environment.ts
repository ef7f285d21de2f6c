// What a machine is free to choose, and two machines need not agree on: asked, never compared.
//
// The simulated machine is then built with the values that the real one answered, so that everything
// else must agree.

import type { KernelPort } from "@iommukit/core";
import { encode, type Names } from "./encode.ts";

export interface Environment {
  /** The bitmap of page sizes that IOMMU_GET_INFO tells. */
  readonly pageSizes: string;
  /** First and last byte of each range that mappings may lie in. */
  readonly ranges: readonly (readonly [first: string, last: string])[];
  /** CHECK_EXTENSION(VFIO_DMA_CC_IOMMU) with Type1 set. */
  readonly coherent: number;
}

const NO_NAMES: Names = { fdOf: () => -1, addressOf: BigInt, deviceName: (name) => name };
const INFO_BYTES = 512;
const TYPE1_V2 = 3;
const DMA_CC = 4;

/** Throws when the machine cannot be brought to the state in which it could answer. */
export function askEnvironment(
  port: KernelPort,
  { groups }: { readonly groups: readonly number[] },
): Environment {
  const container = must("open", port.open("/dev/vfio/vfio", "rw"));
  const group = must("open", port.open(`/dev/vfio/${groups[0]}`, "rw"));
  const { argument } = encode({ op: "iommu-info", fd: "", argsz: INFO_BYTES }, NO_NAMES);
  const call = (fd: number, command: number, value: Uint8Array | number): number =>
    must(`ioctl ${command}`, port.ioctl(fd, 0x3b64 + command, value));
  call(group, 4, new Uint8Array(new Int32Array([container]).buffer));
  call(container, 2, TYPE1_V2);
  call(container, 12, argument);
  const coherent = call(container, 1, DMA_CC);
  port.close(group);
  port.close(container);
  if (typeof argument === "number") throw new Error("no information");
  return { ...readInfo(argument), coherent };
}

function must(what: string, result: number): number {
  if (result < 0) throw new Error(`${what} failed with errno ${-result}`);
  return result;
}

/** From the chain: the capability with id 1 has the ranges. */
function readInfo(bytes: Uint8Array): Pick<Environment, "pageSizes" | "ranges"> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ranges: [string, string][] = [];
  for (let at = view.getUint32(16, true); at !== 0; at = view.getUint32(at + 4, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    for (let index = 0; index < view.getUint32(at + 8, true); index++)
      ranges.push([hex(view, at + 16 + 16 * index), hex(view, at + 24 + 16 * index)]);
  }
  return { pageSizes: hex(view, 8), ranges };
}

function hex(view: DataView, at: number): string {
  return `0x${view.getBigUint64(at, true).toString(16)}`;
}

/** Whether mappings could end at 2^64, where 6.12 loses them (type1.md 2.10). */
export function reachesTheTop({ ranges }: Environment): boolean {
  return ranges.some(([, last]) => BigInt(last) === 2n ** 64n - 1n);
}
