// What a machine is free to choose, and two machines need not agree on: asked, never compared.
//
// The simulated machine is then built with the values that the real one answered, so that everything
// else must agree.

import type { KernelPort } from "@iommukit/core";
import { encode, type IoctlOp, NO_NAMES } from "./encode.ts";
import type { WordCall } from "./op.ts";

export type Environment = Type1Environment | SpaprEnvironment;

export interface Type1Environment {
  /** The bitmap of page sizes that IOMMU_GET_INFO tells. */
  readonly pageSizes: string;
  /** First and last byte of each range that mappings may lie in. */
  readonly ranges: readonly (readonly [first: string, last: string])[];
  /** CHECK_EXTENSION(VFIO_DMA_CC_IOMMU) with Type1 set. */
  readonly coherent: number;
}

export interface SpaprEnvironment {
  /** Bytes of the kernel's page. */
  readonly hostPage: number;
  /** Bytes of a huge page that the process can have, or 0. */
  readonly hugePage: number;
  /** What SPAPR_TCE_GET_INFO tells a container of the second version. */
  readonly defaultWindow: readonly [start: string, size: string];
  /** The bitmap of a dynamic window's page sizes. */
  readonly pageSizes: string;
  readonly windows: number;
  readonly levels: number;
  /** CHECK_EXTENSION(VFIO_EEH). */
  readonly eeh: number;
}

interface Groups {
  readonly groups: readonly number[];
}

const INFO_BYTES = 512;
const TYPE1_V2 = 3;
const SPAPR_V2 = 7;
const DMA_CC = 4;
const EEH = 5;
const HUGE_PAGE = 0x20_0000;

export function isSpapr(environment: Environment): environment is SpaprEnvironment {
  return "levels" in environment;
}

/** Throws when the machine cannot be brought to the state in which it could answer. */
export function askEnvironment(port: KernelPort, groups: Groups): Environment {
  return port.abi.ioctlEncoding === "powerpc" ? askSpapr(port, groups) : askType1(port, groups);
}

function askType1(port: KernelPort, groups: Groups): Type1Environment {
  return asked(port, groups, TYPE1_V2, (info, extension) => ({
    ...readInfo(info),
    coherent: extension(DMA_CC),
  }));
}

function askSpapr(port: KernelPort, groups: Groups): SpaprEnvironment {
  return asked(port, groups, SPAPR_V2, (info, extension) => {
    const view = new DataView(info.buffer, info.byteOffset, info.byteLength);
    return {
      hostPage: port.abi.pageSize,
      hugePage: hugePageOf(port),
      defaultWindow: [hex32(view, 8), hex32(view, 12)],
      pageSizes: hex(view, 16),
      windows: view.getUint32(24, true),
      levels: view.getUint32(28, true),
      eeh: extension(EEH),
    };
  });
}

/** Puts a container into use and lets it be asked. */
function asked<Answer>(
  port: KernelPort,
  { groups }: Groups,
  iommu: number,
  ask: (info: Uint8Array, extension: (value: number) => number) => Answer,
): Answer {
  const container = must("open", port.open("/dev/vfio/vfio", "rw"));
  const group = must("open", port.open(`/dev/vfio/${groups[0]}`, "rw"));
  const send = (fd: number, op: IoctlOp): Uint8Array | number => {
    const { request, argument } = encode(port.abi, op, { ...NO_NAMES, fdOf: () => container });
    const result = must(op.op, port.ioctl(fd, request, argument));
    return typeof argument === "number" ? result : argument;
  };
  const word = (call: WordCall, value: number): number =>
    Number(send(container, { op: "word", fd: "c0", call, value }));
  send(group, { op: "attach", fd: "g0", container: "c0" });
  word("SET_IOMMU", iommu);
  const info = send(container, { op: "iommu-info", fd: "c0", argsz: INFO_BYTES });
  if (typeof info === "number") throw new Error("no information");
  const answer = ask(info, (value) => word("CHECK_EXTENSION", value));
  port.close(group);
  port.close(container);
  return answer;
}

function must(what: string, result: number): number {
  if (result < 0) throw new Error(`${what} failed with errno ${-result}`);
  return result;
}

/** From the chain: the capability with id 1 has the ranges. */
function readInfo(bytes: Uint8Array): Pick<Type1Environment, "pageSizes" | "ranges"> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ranges: [string, string][] = [];
  for (let at = view.getUint32(16, true); at !== 0; at = view.getUint32(at + 4, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    for (let index = 0; index < view.getUint32(at + 8, true); index++)
      ranges.push([hex(view, at + 16 + 16 * index), hex(view, at + 24 + 16 * index)]);
  }
  return { pageSizes: hex(view, 8), ranges };
}

/** Whether the process can have a huge page of 2 MiB, the only size that sequences use. */
function hugePageOf(port: KernelPort): number {
  const memory = port.mapMemory({ length: HUGE_PAGE, pageSize: HUGE_PAGE });
  if (typeof memory === "number") return 0;
  memory.close();
  return HUGE_PAGE;
}

function hex(view: DataView, at: number): string {
  return `0x${view.getBigUint64(at, true).toString(16)}`;
}

function hex32(view: DataView, at: number): string {
  return `0x${view.getUint32(at, true).toString(16)}`;
}

/** Whether mappings could end at 2^64, where 6.12 loses them (type1.md 2.10). */
export function reachesTheTop({ ranges }: Type1Environment): boolean {
  return ranges.some(([, last]) => BigInt(last) === 2n ** 64n - 1n);
}
