// MAP and UNMAP of Type1, and VmLck: the calls whose order of checks most cases are about.

import { answer, hex, pages } from "../answer.ts";
import { type Bench, CONTAINER, P } from "../bench.ts";
import { type Step, step } from "../case.ts";
import { readField, request, struct } from "../encode.ts";

/** An address or size that the kernel itself decides. */
export type Place = bigint | ((bench: Bench) => bigint);

export interface MapArguments {
  readonly at: Place;
  /** Default: one page. */
  readonly size?: Place;
  /** Where in the process: memory by name (default V) and a byte in it, or an address. */
  readonly memory?: string;
  readonly offset?: number;
  readonly vaddr?: bigint;
  /** READ 1, WRITE 2, VADDR 4. Default 3. */
  readonly flags?: number;
  readonly argsz?: number;
  readonly by?: "parent" | "child";
  readonly container?: string;
}

export interface UnmapOptions {
  readonly flags?: number;
  readonly argsz?: number;
}

const PAGE = BigInt(P);

export function map(args: MapArguments, expected: string): Step {
  const { flags = 3, argsz = 32, by, container = CONTAINER } = args;
  return step(`map(${describe(args)})`, expected, (bench) => {
    const { abi } = bench.port;
    const bytes = struct(abi, 32, [
      [0, 4, argsz],
      [4, 4, flags],
      [8, 8, args.vaddr ?? bench.addressOf(args.memory) + BigInt(args.offset ?? 0)],
      [16, 8, placeOf(bench, args.at)],
      [24, 8, placeOf(bench, args.size ?? PAGE)],
    ]);
    return answer(bench.portOf(by).ioctl(bench.fd(container), request(abi, 13), bytes));
  });
}

/** Result and the size that stands in the struct afterwards: "0, size 4P". */
export function unmap(
  at: Place,
  size: Place,
  expected: string,
  { flags = 0, argsz = 24 }: UnmapOptions = {},
): Step {
  const call = `unmap(${placeText(at)}, ${placeText(size)}${flags === 0 ? "" : `, flags ${flags}`})`;
  return step(call, expected, (bench) => {
    const { abi } = bench.port;
    const bytes = struct(abi, 24, [
      [0, 4, argsz],
      [4, 4, flags],
      [8, 8, placeOf(bench, at)],
      [16, 8, placeOf(bench, size)],
    ]);
    const rc = bench.call(CONTAINER, 14, bytes);
    return `${answer(rc)}, size ${pages(readField(abi, bytes, 16, 8))}`;
  });
}

/** Remembers VmLck, to compare with it later. */
export function noteLocked(): Step {
  return step("note VmLck", "noted", (bench) => {
    bench.remember("VmLck", BigInt(bench.lockedPages()));
    return "noted";
  });
}

/** How VmLck has grown since it was noted, in pages. */
export function lockedSince(expected: number, by: "parent" | "child" = "parent"): Step {
  return step("VmLck since then", `${expected} pages`, (bench) => {
    const before = by === "parent" ? Number(bench.recall("VmLck")) : 0;
    return `${bench.lockedPages(by) - before} pages`;
  });
}

function placeOf(bench: Bench, place: Place): bigint {
  return typeof place === "bigint" ? place : place(bench);
}

function describe({ at, size = PAGE, flags, argsz, vaddr, memory = "V" }: MapArguments): string {
  const parts = [vaddr === undefined ? memory : hex(vaddr), placeText(at), placeText(size)];
  if (flags !== undefined) parts.push(`flags ${flags}`);
  if (argsz !== undefined) parts.push(`argsz ${argsz}`);
  return parts.join(", ");
}

function placeText(place: Place): string {
  return typeof place === "bigint" ? hex(place) : place.name || "computed";
}
