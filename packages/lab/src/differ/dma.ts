// Lets QEMU's edu device copy from one bus address to another, and tells which memory changed.
//
// Through the device's own registers and nothing else: docs/specs/edu.rst of QEMU. The device reads
// into its own 4 KiB first, so a copy shows both what it can read and what it can write. Registers
// have the byte order of the guest's processor as QEMU sees it, so big on POWER, which the
// identification register tells.

import type { Machine } from "./machine.ts";
import type { DmaOp } from "./op.ts";
import { changedMemory } from "./result.ts";

const CONFIG = 7n << 40n;
const COMMAND = CONFIG + 4n;
const MEMORY_AND_BUS_MASTER = 6;
const IDENTIFICATION = 0n;
/** Its last byte, which comes first in little-endian order. */
const IDENTIFICATION_END = 0xed;
const SOURCE = 0x80n;
const DESTINATION = 0x88n;
const COUNT = 0x90n;
const START = 0x98n;
const TO_MEMORY = 2n;
const RUNNING = 1n;
const DEVICE_MEMORY = 0x4_0000n;
/** A transfer takes 100 ms in QEMU. */
const MOST_PAUSES = 2000;

export function copyByDevice(machine: Machine, fd: number, { from, to, length }: DmaOp): string {
  const { port, arena } = machine;
  const enabled = port.writeAt(fd, new Uint8Array([MEMORY_AND_BUS_MASTER, 0]), COMMAND);
  if (enabled < 0) return String(enabled);
  fillMemory(arena.main);
  const before = arena.main.slice();
  const registers = registersOf(machine, fd);
  const transfer = (source: bigint, destination: bigint, direction: bigint): boolean => {
    registers.write(SOURCE, source);
    registers.write(DESTINATION, destination);
    registers.write(COUNT, BigInt(length));
    registers.write(START, RUNNING | direction);
    return awaitIdle(machine, registers);
  };
  const done =
    transfer(BigInt(from), DEVICE_MEMORY, 0n) && transfer(DEVICE_MEMORY, BigInt(to), TO_MEMORY);
  return `${done ? 0 : "busy"}${changedMemory("m", before, arena.main)}`;
}

/** No two words are alike, so that a copy of the wrong place shows. */
function fillMemory(bytes: Uint8Array): void {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  for (let at = 0; at < words.length; at++) words[at] = Math.imul(at + 1, 0x9e37_79b1);
}

interface Registers {
  read(register: bigint): bigint;
  write(register: bigint, value: bigint): void;
}

function registersOf({ port }: Machine, fd: number): Registers {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  port.readAt(fd, bytes.subarray(0, 4), IDENTIFICATION);
  const little = bytes[0] === IDENTIFICATION_END;
  return {
    read(register) {
      port.readAt(fd, bytes, register);
      return view.getBigUint64(0, little);
    },
    write(register, value) {
      view.setBigUint64(0, value, little);
      port.writeAt(fd, bytes, register);
    },
  };
}

function awaitIdle({ pause }: Machine, registers: Registers): boolean {
  for (let pauses = 0; pauses < MOST_PAUSES; pauses++) {
    if ((registers.read(START) & RUNNING) === 0n) return true;
    pause();
  }
  return false;
}
