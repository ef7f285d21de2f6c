// An open device: information, regions, its configuration space, its BAR mapped, its features.

import { answer, hex } from "../answer.ts";
import { type Bench, DEVICE, P } from "../bench.ts";
import { type Step, step } from "../case.ts";
import { type Field, readField, struct } from "../encode.ts";

const REGION_SHIFT = 40n;
const CONFIG = 7n << REGION_SHIFT;
const COMMAND = CONFIG + 4n;
const MOST_POLLS = 1_000_000;

/** A request with a head of 32-bit words; answers the result and some words of it. */
export function deviceCall(
  name: string,
  command: number,
  words: readonly number[],
  show: readonly number[],
  expected: string,
): Step {
  const fields = words.map((value, index): Field => [4 * index, 4, value]);
  return step(`${name}(${words.join(", ")})`, expected, (bench) => {
    const { abi } = bench.port;
    const bytes = struct(abi, 64, fields, 0xee);
    const rc = bench.call(DEVICE, command, bytes);
    const seen = show.map((offset) => hex(readField(abi, bytes, offset, 4)));
    return [answer(rc), ...seen].join(" ");
  });
}

/** pread of a region into a few bytes; the result, and after success the bytes as one number. */
export function readRegion(region: number, offset: bigint, width: 4 | 8, expected: string): Step {
  return step(`pread(region ${region}, ${hex(offset)}, ${width})`, expected, (bench) => {
    const bytes = new Uint8Array(width);
    const place = (BigInt(region) << REGION_SHIFT) + offset;
    const rc = bench.port.readAt(bench.fd(DEVICE), bytes, place);
    return rc < 0 ? answer(rc) : hex(readField(bench.port.abi, bytes, 0, width));
  });
}

/** read(2) of the device's file: what follows what was read before. */
export function readOn(width: 4 | 8, expected: string): Step {
  return step(`read(${width})`, expected, (bench) => {
    const bytes = new Uint8Array(width);
    const rc = bench.abilities.read?.(bench.fd(DEVICE), bytes) ?? -1;
    return rc < 0 ? answer(rc) : hex(readField(bench.port.abi, bytes, 0, width));
  });
}

export function writeRegion(region: number, offset: bigint, value: number, expected: string): Step {
  return step(`pwrite(region ${region}, ${hex(offset)}, ${hex(value)})`, expected, (bench) => {
    const bytes = struct(bench.port.abi, 4, [[0, 4, value]]);
    const place = (BigInt(region) << REGION_SHIFT) + offset;
    return answer(bench.port.writeAt(bench.fd(DEVICE), bytes, place));
  });
}

/** COMMAND as a 16-bit write: 2 is memory, 4 bus mastering. */
export function setCommand(value: number): Step {
  return step(`COMMAND = ${value}`, "2", (bench) =>
    answer(bench.port.writeAt(bench.fd(DEVICE), Uint8Array.of(value, 0), COMMAND)),
  );
}

/** mmap of a piece of a region; kept under `name`. */
export function mapRegion(
  name: string,
  region: number,
  expected: string,
  options: { readonly at?: bigint; readonly length?: number; readonly shared?: boolean } = {},
): Step {
  const { at = 0n, length = P, shared = true } = options;
  const text = `${region}, ${hex(at)}, ${hex(length)}${shared ? "" : ", MAP_PRIVATE"}`;
  return step(`mmap(region ${text})`, expected, (bench) => {
    const offset = (BigInt(region) << REGION_SHIFT) + at;
    const memory = bench.port.mapMemory({ fd: bench.fd(DEVICE), offset, length, shared });
    if (typeof memory === "number") return answer(memory);
    bench.keepMemory(name, memory);
    return "mapped";
  });
}

/** VFIO_DEVICE_FEATURE: flags and index in one word. */
export function feature(name: string, flags: number, expected: string): Step {
  return step(`FEATURE(${name})`, expected, (bench) =>
    answer(
      bench.call(
        DEVICE,
        17,
        struct(bench.port.abi, 64, [
          [0, 4, 64],
          [4, 4, flags],
        ]),
      ),
    ),
  );
}

/** The device's DMA engine writes 16 bytes to `at`: "reached" if memory V changed at `page`. */
export function dma(
  at: bigint,
  page: number,
  expected: "reached" | "blocked",
  device: string = DEVICE,
): Step {
  return step(`DMA of ${device} to ${hex(at)}`, expected, (bench) => {
    const { bytes } = bench.memory();
    const target = bytes.subarray(page * P, page * P + 16);
    target.fill(0xee);
    const idle = transfer(bench, bench.fd(device), at);
    if (!idle) return "the engine did not stop";
    return target.every((byte) => byte === 0xee) ? "blocked" : "reached";
  });
}

/** QEMU's documentation, "EDU device": source, destination, count, command. */
function transfer(bench: Bench, fd: number, to: bigint): boolean {
  const { port } = bench;
  port.writeAt(fd, Uint8Array.of(6, 0), COMMAND);
  const write = (register: bigint, value: bigint): number =>
    port.writeAt(fd, struct(port.abi, 8, [[0, 8, value]]), register);
  write(0x80n, 0x4_0000n);
  write(0x88n, to);
  write(0x90n, 16n);
  write(0x98n, 3n);
  const command = new Uint8Array(8);
  // QEMU's engine takes 100 ms. Reading its register is the only clock that every port has.
  for (let polls = 0; polls < MOST_POLLS; polls++) {
    port.readAt(fd, command, 0x98n);
    if ((readField(port.abi, command, 0, 8) & 1n) === 0n) return true;
  }
  return false;
}
