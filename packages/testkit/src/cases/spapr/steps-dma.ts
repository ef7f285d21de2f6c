// What a device reaches through TCEs: QEMU's `edu` copies, and another mapping shows what it read.
//
// The registers have the byte order of the guest's CPU as QEMU sees it, which is big on POWER; the
// identification register tells.

import { hex } from "../answer.ts";
import { type Bench, CONTAINER } from "../bench.ts";
import { type Step, step } from "../case.ts";
import { request, struct } from "../encode.ts";
import { M } from "./places.ts";
import { memoryP } from "./steps.ts";

const REGION_SHIFT = 40n;
const COMMAND = (7n << REGION_SHIFT) + 4n;
const IDENTIFICATION = 0x0100_00ed;
const DEVICE_MEMORY = 0x4_0000n;
const LENGTH = 16;
const PATIENCE = 1_000_000;
/** The last page of `p` is where a device shows what it read. */
const LAST_PAGE = M - 4096n;
/** Where that page is mapped, unless the case has no window there. */
const SHOWN_AT = 0x3000_0000n;

export interface DmaOptions {
  readonly device?: string;
  readonly container?: string;
  /** A bus address where the last page of `p` may be mapped. */
  readonly show?: bigint;
}

/** Marks each 4 KiB page of memory with `first`, `first + 1`, … */
export function mark(name: string, first: number): Step {
  return step(`fill ${name} with ${first}…`, "done", (bench) => {
    memoryP(bench, name);
    const { bytes } = bench.memory(name);
    for (let at = 0; at < bytes.length; at += 4096) bytes.fill(first + at / 4096, at, at + 4096);
    return "done";
  });
}

/** The first byte that the device reads at a bus address; "nothing" for what a blocked read gives. */
export function deviceReads(
  iova: bigint,
  expected: Step["expected"],
  options: DmaOptions = {},
): Step {
  return step(`device reads ${hex(iova)}`, expected, (bench) => {
    const { device = "device", show = SHOWN_AT } = options;
    const mapped = mapShown(bench, show, options.container ?? CONTAINER);
    if (mapped !== 0) return `the page to show it in: ${mapped}`;
    const shown = bench.memory("p").bytes;
    const at = Number(LAST_PAGE);
    shown.fill(0xee, at, at + LENGTH);
    const moved =
      transfer(bench, device, iova, "to device") && transfer(bench, device, show, "to host");
    if (!moved) return "the engine did not stop";
    const byte = shown[at];
    return byte === 0 || byte === 0xff ? "nothing" : String(byte);
  });
}

/** The device writes 16 bytes at a bus address: "written" if memory `name` changed at this byte. */
export function deviceWrites(
  iova: bigint,
  name: string,
  offset: number,
  expected: Step["expected"],
  options: DmaOptions = {},
): Step {
  return step(`device writes ${hex(iova)}`, expected, (bench) => {
    const { device = "device", show = SHOWN_AT } = options;
    const mapped = mapShown(bench, show, options.container ?? CONTAINER);
    if (mapped !== 0) return `the page to load from: ${mapped}`;
    bench.memory("p").bytes.fill(0x77, Number(LAST_PAGE), Number(LAST_PAGE) + LENGTH);
    const target = bench.memory(name).bytes.subarray(offset, offset + LENGTH);
    target.fill(0xee);
    const moved =
      transfer(bench, device, show, "to device") && transfer(bench, device, iova, "to host");
    if (!moved) return "the engine did not stop";
    return target.every((byte) => byte === 0xee) ? "lost" : "written";
  });
}

function mapShown(bench: Bench, at: bigint, container: string): number {
  const { abi } = bench.port;
  const bytes = struct(abi, 32, [
    [0, 4, 32],
    [4, 4, 3],
    [8, 8, memoryP(bench) + LAST_PAGE],
    [16, 8, at],
    [24, 8, 4096n],
  ]);
  return bench.port.ioctl(bench.fd(container), request(abi, 13), bytes);
}

function transfer(
  bench: Bench,
  device: string,
  iova: bigint,
  way: "to device" | "to host",
): boolean {
  const { port } = bench;
  const fd = bench.fd(device);
  port.writeAt(fd, Uint8Array.of(6, 0), COMMAND);
  const id = new DataView(new ArrayBuffer(4));
  port.readAt(fd, new Uint8Array(id.buffer), 0n);
  const little = id.getUint32(0, true) === IDENTIFICATION;
  const word = new DataView(new ArrayBuffer(8));
  const write = (register: bigint, value: bigint): void => {
    word.setBigUint64(0, value, little);
    port.writeAt(fd, new Uint8Array(word.buffer), register);
  };
  write(0x80n, way === "to device" ? iova : DEVICE_MEMORY);
  write(0x88n, way === "to device" ? DEVICE_MEMORY : iova);
  write(0x90n, BigInt(LENGTH));
  write(0x98n, way === "to device" ? 1n : 3n);
  // QEMU's engine takes 100 ms. Reading its register is the only clock that every port has.
  for (let polls = 0; polls < PATIENCE; polls++) {
    port.readAt(fd, new Uint8Array(word.buffer), 0x98n);
    if ((word.getBigUint64(0, little) & 1n) === 0n) return true;
  }
  return false;
}
