// What a path can lead to in the simulated kernel: directories, links, small texts and devices.

import type { OpenFile } from "../open-file.ts";
import type { Process } from "../process.ts";

export type VfsNode = DirectoryNode | LinkNode | TextNode | BytesNode | DeviceNode;

export interface DirectoryNode {
  readonly type: "directory";
  names(): readonly string[];
  child(name: string): VfsNode | undefined;
}

export interface LinkNode {
  readonly type: "link";
  target(): string;
}

/** A sysfs or proc file. No `read` or no `write` means that the mode lacks the bit. */
export interface TextNode {
  readonly type: "text";
  readonly read?: (process: Process) => string;
  /** Bytes taken, or -errno. Only root may write. */
  readonly write?: (text: string) => number;
}

/** A binary attribute; how much of it one reads may depend on who asks. */
export interface BytesNode {
  readonly type: "bytes";
  readonly mode: number;
  read(into: Uint8Array, offset: number, process: Process): number;
  write(from: Uint8Array, offset: number): number;
}

export interface DeviceNode {
  readonly type: "device";
  /** Permission bits; owned by root. */
  readonly mode: number;
  open(process: Process): OpenFile | number;
}

/** A directory whose entries are looked up when asked for. */
export function directory(entries: () => Readonly<Record<string, VfsNode>>): DirectoryNode {
  return {
    type: "directory",
    names: () => Object.keys(entries()).sort(byCharacter),
    child(name) {
      const all = entries();
      return Object.hasOwn(all, name) ? all[name] : undefined;
    },
  };
}

export function link(target: () => string): LinkNode {
  return { type: "link", target };
}

/** A text that cannot be written. */
export function text(read: (process: Process) => string): TextNode {
  return { type: "text", read };
}

/** Whether a process may read or write a node of this mode that root owns. */
export function mayAccess(process: Process, mode: number, wanted: "r" | "rw"): boolean {
  if (process.can("CAP_DAC_OVERRIDE")) return true;
  const bits = process.uid === 0 ? mode >> 6 : mode;
  const needed = wanted === "r" ? 0o4 : 0o6;
  return (bits & needed) === needed;
}

/** Byte order of names, as programs sort what readdir gives them. */
function byCharacter(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
