// /proc/self: the two files in which a program reads its locked memory and its limit.

import type { Process } from "../process.ts";
import { PAGE } from "../user-memory.ts";
import type { DeviceTreeNode } from "./device-tree.ts";
import { type DirectoryNode, directory, link, text } from "./nodes.ts";

const KIBIBYTE = 1024;

export function procfs(wordBits: number, deviceTree: DeviceTreeNode | undefined): DirectoryNode {
  const self = directory(() => ({
    limits: text(limits),
    status: text((process) => status(process, wordBits)),
  }));
  const tree = link(() => "/sys/firmware/devicetree/base");
  return directory(() => (deviceTree === undefined ? { self } : { self, "device-tree": tree }));
}

/** A counter of locked pages that went below zero is an unsigned long all the same. */
function status(process: Process, wordBits: number): string {
  const locked = BigInt.asUintN(wordBits, BigInt((process.locked.pages * PAGE) / KIBIBYTE));
  return [
    "Name:\tsimulated",
    `Pid:\t${process.pid}`,
    `Uid:\t${process.uid}\t${process.uid}\t${process.uid}\t${process.uid}`,
    `CapEff:\t${effective(process).toString(16).padStart(16, "0")}`,
    `VmLck:\t${String(locked).padStart(8)} kB`,
    "",
  ].join("\n");
}

/** Bits as include/uapi/linux/capability.h numbers them. */
const CAPABILITY_BITS = [
  ["CAP_DAC_OVERRIDE", 1n],
  ["CAP_IPC_LOCK", 14n],
  ["CAP_SYS_RAWIO", 17n],
] as const;

function effective(process: Process): bigint {
  const held = CAPABILITY_BITS.filter(([capability]) => process.can(capability));
  return held.reduce((bits, [, bit]) => bits | (1n << bit), 0n);
}

function limits(process: Process): string {
  const { limitPages } = process.locked;
  const bytes = Number.isFinite(limitPages) ? String(limitPages * PAGE) : "unlimited";
  return [
    row("Limit", "Soft Limit", "Hard Limit", "Units"),
    row("Max locked memory", bytes, bytes, "bytes"),
    "",
  ].join("\n");
}

function row(name: string, soft: string, hard: string, units: string): string {
  return `${name.padEnd(26)}${soft.padEnd(21)}${hard.padEnd(21)}${units.padEnd(10)}`;
}
