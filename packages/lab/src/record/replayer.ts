// Makes the calls of a recording again, on another kernel, and tells where it answers otherwise.
//
// The calls go through a recorder of their own, and its entries are compared with the recording's.

import type { HostMemory, KernelPort } from "@iommukit/core";
import type { HostDevice } from "../host.ts";
import { bytesOf } from "./argument.ts";
import { namedCall } from "./calls.ts";
import type { RecordedCall } from "./format.ts";
import type { Names } from "./names.ts";
import { createRecorder } from "./recorder.ts";

export interface Mismatch {
  /** The call's place in the recording, from 0. */
  readonly at: number;
  readonly recorded: RecordedCall;
  readonly replayed: RecordedCall | undefined;
}

export interface ReplayOptions {
  readonly port: KernelPort;
  readonly devices: readonly HostDevice[];
  readonly calls: readonly RecordedCall[];
  /** Lets a device work for a moment. */
  readonly pause: () => void;
}

/** A register may change its mind later on this kernel than on the recorded one. */
const MOST_POLLS = 400;

/** All mismatches; those behind the first may be its consequences. */
export async function replay(options: ReplayOptions): Promise<readonly Mismatch[]> {
  const { port, devices, calls, pause } = options;
  const recorder = createRecorder(port, devices);
  const run = new Replay(recorder.port, recorder.names);
  const mismatches: Mismatch[] = [];
  for (const [at, recorded] of calls.entries()) {
    const before = recorder.calls.length;
    await run.make(recorded);
    for (let polls = 0; recorded.call === "read" && polls < MOST_POLLS; polls++) {
      if (answerOf(recorder.calls.at(-1)) === answerOf(recorded)) break;
      pause();
      await run.make(recorded);
    }
    const made = recorder.calls.length >= before ? recorder.calls.at(-1) : undefined;
    if (answerOf(made) !== answerOf(recorded)) mismatches.push({ at, recorded, replayed: made });
  }
  run.close();
  return mismatches;
}

/** What must be the same: all but whether it took several reads. */
function answerOf(call: RecordedCall | undefined): string {
  if (call === undefined) return "";
  const { polled: _, ...rest } = call;
  return JSON.stringify(rest);
}

class Replay {
  readonly #port: KernelPort;
  readonly #names: Names;
  readonly #memory = new Map<string, HostMemory>();

  constructor(port: KernelPort, names: Names) {
    this.#port = port;
    this.#names = names;
  }

  async make(call: RecordedCall): Promise<void> {
    if (call.call === "wait") await this.#port.waitEvent(this.#fd(call), Number(call.value));
    else if (call.path !== undefined) this.#path(call, this.#names.shown(call.path));
    else this.#other(call);
  }

  #path({ call, flags = "r", value = "" }: RecordedCall, path: string): void {
    const port = this.#port;
    if (call === "open") port.open(path, flags);
    else if (call === "writeText") port.writeText(path, this.#names.shown(String(value)));
    else if (call === "readLink" || call === "list" || call === "readText") port[call](path);
  }

  #other(call: RecordedCall): void {
    switch (call.call) {
      case "close":
        this.#port.close(this.#fd(call));
        return;
      case "eventfd":
        this.#port.eventFd();
        return;
      case "read":
      case "write":
        this.#region(call);
        return;
      case "mapMemory":
        this.#mapMemory(call);
        return;
      case "unmapMemory":
        this.#memory.get(String(call.value))?.close();
        this.#memory.delete(String(call.value));
        return;
      default:
        this.#ioctl(call);
    }
  }

  close(): void {
    for (const memory of this.#memory.values()) memory.close();
  }

  #fd({ fd = "-1" }: RecordedCall): number {
    return this.#names.fdOf(fd);
  }

  #ioctl(call: RecordedCall): void {
    const known = namedCall(this.#port.abi, call.call);
    const argument =
      call.in === undefined ? Number(call.value) : bytesOf(known, call.in, this.#names);
    this.#port.ioctl(this.#fd(call), known?.request ?? call.request ?? 0, argument);
  }

  #region(call: RecordedCall): void {
    const bytes = new Uint8Array(call.length ?? 0);
    const offset = BigInt(call.offset ?? 0);
    if (call.call === "write") bytes.set(Buffer.from(call.data ?? "", "hex"));
    if (call.call === "write") this.#port.writeAt(this.#fd(call), bytes, offset);
    else this.#port.readAt(this.#fd(call), bytes, offset);
  }

  #mapMemory({ length = 0, fd, offset, value, protection, result }: RecordedCall): void {
    const memory = this.#port.mapMemory({
      length,
      ...(fd === undefined ? {} : { fd: this.#names.fdOf(fd) }),
      ...(offset === undefined ? {} : { offset: BigInt(offset) }),
      ...(value === undefined ? {} : { pageSize: Number(value) }),
      ...(isProtection(protection) ? { protection } : {}),
    });
    if (typeof memory !== "number") this.#memory.set(String(result), memory);
  }
}

function isProtection(word: unknown): word is "none" | "read" | "write" | "read-write" {
  return word === "none" || word === "read" || word === "write" || word === "read-write";
}
