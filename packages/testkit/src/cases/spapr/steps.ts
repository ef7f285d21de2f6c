// The calls of the sPAPR driver, their bytes written by hand from include/uapi/linux/vfio.h.
//
// Memory is named: `p` is the tables' 1 MiB and comes of itself. Answers are numbers or errno names;
// several of these calls answer a positive number when they fail.

import { answer, hex } from "../answer.ts";
import { type Bench, CONTAINER } from "../bench.ts";
import { type Step, step } from "../case.ts";
import { type Field, readField, request, struct } from "../encode.ts";
import { type Charges, chargesOf, M, pageOf } from "./places.ts";

type Expected = Step["expected"];
/** A number, or one that the kernel's page decides. */
export type Amount = bigint | ((bench: Bench) => bigint);

/** Where in memory: a name and a byte in it, or an address. */
export interface Spot {
  readonly memory?: string;
  readonly offset?: Amount;
  readonly address?: bigint;
}

export interface CallOptions {
  readonly argsz?: number;
  readonly container?: string;
}

/** The kernel's page as an amount. */
export const PAGE: Amount = pageOf;

export function pages(count: bigint): Amount {
  return (bench) => count * pageOf(bench);
}

/** 1 MiB under the name `p`, as every case of section 9 has it. */
export function memoryP(bench: Bench, name = "p"): bigint {
  if (!bench.hasMemory(name)) bench.addMemory(name, Number(M));
  return bench.addressOf(name);
}

export function register(
  spot: Spot,
  size: Amount,
  expected: Expected,
  options: RegisterOptions = {},
): Step {
  return step(`REG(${text(spot)}, ${amountText(size)}${extra(options)})`, expected, (bench) =>
    answer(call(bench, 17, rangeStruct(bench, spot, size, options), options)),
  );
}

export function unregister(
  spot: Spot,
  size: Amount,
  expected: Expected,
  options: RegisterOptions = {},
): Step {
  return step(`UNREG(${text(spot)}, ${amountText(size)})`, expected, (bench) =>
    answer(call(bench, 18, rangeStruct(bench, spot, size, options), options)),
  );
}

export interface RegisterOptions extends CallOptions {
  readonly flags?: number;
}

export interface MapOptions extends CallOptions {
  /** READ 1, WRITE 2. Default 3. */
  readonly flags?: number;
}

export function map(
  spot: Spot,
  iova: bigint,
  size: bigint,
  expected: Expected,
  options: MapOptions = {},
): Step {
  const { flags = 3, argsz = 32 } = options;
  const shown = `MAP(${flags}, ${text(spot)}, ${hex(iova)}, ${hex(size)}${extra(options)})`;
  return step(shown, expected, (bench) => answer(call(bench, 13, mapStruct(bench), options)));

  function mapStruct(bench: Bench): Uint8Array {
    return struct(bench.port.abi, 32, [
      [0, 4, argsz],
      [4, 4, flags],
      [8, 8, placeOf(bench, spot)],
      [16, 8, iova],
      [24, 8, size],
    ]);
  }
}

/** The result, and the size field if the kernel changed it. */
export function unmap(
  iova: bigint,
  size: bigint,
  expected: Expected,
  options: RegisterOptions = {},
): Step {
  const { flags = 0, argsz = 24 } = options;
  return step(`UNMAP(${hex(iova)}, ${hex(size)}${extra(options)})`, expected, (bench) => {
    const { abi } = bench.port;
    const bytes = struct(abi, 24, [
      [0, 4, argsz],
      [4, 4, flags],
      [8, 8, iova],
      [16, 8, size],
    ]);
    const rc = answer(call(bench, 14, bytes, options));
    return readField(abi, bytes, 16, 8) === size ? rc : `${rc}, size changed`;
  });
}

export interface CreateOptions extends CallOptions {
  readonly flags?: number;
  readonly reserved?: readonly [number, number];
}

/** "0 at 0x…" with the start of the window, or the error; reserved fields if they were set. */
export function create(
  shift: number,
  size: bigint,
  levels: number,
  expected: Expected,
  options: CreateOptions = {},
): Step {
  return step(`CREATE(${shift}, ${hex(size)}, ${levels})`, expected, (bench) => {
    const { abi } = bench.port;
    const bytes = createStruct(bench, { shift, size, levels, options });
    const rc = call(bench, 19, bytes, options);
    if (rc !== 0) return answer(rc);
    const kept = options.reserved?.map((_, index) =>
      readField(abi, bytes, index === 0 ? 12 : 28, 4),
    );
    const start = `0 at ${hex(readField(abi, bytes, 32, 8))}`;
    return kept === undefined ? start : `${start}, reserved ${kept.map(hex).join(" ")}`;
  });
}

export function createStruct(
  bench: Bench,
  wanted: {
    readonly shift: number;
    readonly size: bigint;
    readonly levels: number;
    readonly options?: CreateOptions;
  },
): Uint8Array {
  const { argsz = 40, flags = 0, reserved = [0, 0] } = wanted.options ?? {};
  return struct(bench.port.abi, 40, [
    [0, 4, argsz],
    [4, 4, flags],
    [8, 4, wanted.shift],
    [12, 4, reserved[0]],
    [16, 8, wanted.size],
    [24, 4, wanted.levels],
    [28, 4, reserved[1]],
  ]);
}

export function remove(start: bigint, expected: Expected, options: RegisterOptions = {}): Step {
  const { argsz = 16, flags = 0 } = options;
  return step(`REMOVE(${hex(start)})`, expected, (bench) => {
    const bytes = struct(bench.port.abi, 16, [
      [0, 4, argsz],
      [4, 4, flags],
      [8, 8, start],
    ]);
    return answer(call(bench, 20, bytes, options));
  });
}

export function enable(expected: Expected): Step {
  return step("ENABLE", expected, (bench) => answer(bench.call(CONTAINER, 15)));
}

export function disable(expected: Expected): Step {
  return step("DISABLE", expected, (bench) => answer(bench.call(CONTAINER, 16)));
}

/** A command with a pointer that is none. */
export function withNull(name: string, command: number, expected: Expected): Step {
  return step(`${name}(NULL)`, expected, (bench) => answer(bench.call(CONTAINER, command, 0)));
}

/** KiB of locked memory since the case began. */
export function locked(expected: number | ((charges: Charges) => number)): Step {
  const due = (bench: Bench): string =>
    `${typeof expected === "number" ? expected : expected(chargesOf(bench))} kB`;
  return step("lv", due, (bench) => `${lockedSince(bench)} kB`);
}

/** What the first step of a case remembers for `locked`. */
export function noteLocked(): Step {
  return step("note lv", "noted", (bench) => {
    bench.remember("lv", BigInt(Math.round(bench.lockedPages() * 4)));
    return "noted";
  });
}

function lockedSince(bench: Bench): number {
  return bench.lockedPages() * 4 - Number(bench.recall("lv"));
}

function call(
  bench: Bench,
  command: number,
  argument: Uint8Array | number,
  { container = CONTAINER }: CallOptions = {},
): number {
  return bench.port.ioctl(bench.fd(container), request(bench.port.abi, command), argument);
}

function placeOf(bench: Bench, { memory = "p", offset = 0n, address }: Spot): bigint {
  return address ?? memoryP(bench, memory) + amountOf(bench, offset);
}

function amountOf(bench: Bench, amount: Amount): bigint {
  return typeof amount === "bigint" ? amount : amount(bench);
}

function rangeStruct(bench: Bench, spot: Spot, size: Amount, options: RegisterOptions): Uint8Array {
  const fields: readonly Field[] = [
    [0, 4, options.argsz ?? 24],
    [4, 4, options.flags ?? 0],
    [8, 8, placeOf(bench, spot)],
    [16, 8, amountOf(bench, size)],
  ];
  return struct(bench.port.abi, 24, fields);
}

function text({ memory = "p", offset = 0n, address }: Spot): string {
  if (address !== undefined) return hex(address);
  return offset === 0n ? memory : `${memory} + ${amountText(offset)}`;
}

function amountText(amount: Amount): string {
  return typeof amount === "bigint" ? hex(amount) : "pages";
}

function extra({ argsz, flags, container }: RegisterOptions): string {
  const parts = [
    argsz === undefined ? "" : `, argsz ${argsz}`,
    flags === undefined ? "" : `, flags ${flags}`,
    container === undefined ? "" : `, ${container}`,
  ];
  return parts.join("");
}
