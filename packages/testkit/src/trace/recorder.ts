// Keeps every call of a port with its arguments and its answer, for failure messages and replay.
//
// It copies bytes before and after, and changes nothing. An ioctl is named by the kind of file it was
// made on, since one number means different things on a container and on a device.

import {
  type FileKind,
  GROUP_GET_DEVICE_FD,
  ioctlName,
  vfioCommand,
} from "../kernel/decode/commands.ts";
import { errnoName } from "../kernel/errno.ts";
import type { KernelPort } from "../kernel/port-types.ts";
import { type Interceptor, interceptPort, type PortCall } from "./intercept.ts";

/** One call with its answer. */
export interface CallRecord {
  readonly call: PortCall;
  /** The header's name of an ioctl, else the call's own. */
  readonly title: string;
  /** Copies of the argument's bytes around the call; absent without bytes. */
  readonly before?: Uint8Array;
  readonly after?: Uint8Array;
  /** A number as it was answered; what was answered otherwise, in words. */
  readonly answer: number | string;
}

/** A port that remembers, and what it remembers. */
export interface Recording {
  readonly port: KernelPort;
  /** In the order in which the calls were answered. */
  readonly records: readonly CallRecord[];
  /** One line for each call, the last `most` of them. */
  render(most?: number): string;
}

/** Wraps a port so that every call is kept. */
export function recordingPort(port: KernelPort): Recording {
  const records: CallRecord[] = [];
  const kinds = new Map<number, FileKind>();
  const keep = (call: PortCall, before: Uint8Array | undefined, answer: unknown): void => {
    const title = titleOf(port, kinds, call);
    learnKinds(port, kinds, call, answer);
    const after = bytesOf(call);
    records.push({
      call,
      title,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      answer: inWords(answer),
    });
  };
  const recorder: Interceptor = {
    around(call, run) {
      const before = bytesOf(call);
      const answer = run();
      keep(call, before, answer);
      return answer;
    },
    async aroundAsync(call, run) {
      const before = bytesOf(call);
      const answer = await run();
      keep(call, before, answer);
      return answer;
    },
  };
  return {
    port: interceptPort(port, recorder),
    records,
    render: (most = records.length) => records.slice(-most).map(renderRecord).join("\n"),
  };
}

function bytesOf(call: PortCall): Uint8Array | undefined {
  return call.argument instanceof Uint8Array ? call.argument.slice() : undefined;
}

function titleOf(port: KernelPort, kinds: Map<number, FileKind>, call: PortCall): string {
  if (call.request === undefined) return call.name;
  return ioctlName(port.abi, kinds.get(call.fd ?? -1) ?? "file", call.request);
}

/** Which kind of file a new descriptor is: from its path, or because a group gave it. */
function learnKinds(
  port: KernelPort,
  kinds: Map<number, FileKind>,
  call: PortCall,
  answer: unknown,
): void {
  if (typeof answer !== "number" || answer < 0) return;
  if (call.name === "close") kinds.delete(call.fd ?? -1);
  else if (call.name === "eventFd") kinds.set(answer, "eventfd");
  else if (call.name === "open") kinds.set(answer, kindOfPath(call.path ?? ""));
  else if (call.request !== undefined && kinds.get(call.fd ?? -1) === "group")
    if (vfioCommand(port.abi, call.request) === GROUP_GET_DEVICE_FD) kinds.set(answer, "device");
}

function kindOfPath(path: string): FileKind {
  if (path === "/dev/vfio/vfio") return "container";
  return /^\/dev\/vfio\/(noiommu-)?\d+$/.test(path) ? "group" : "file";
}

function inWords(answer: unknown): number | string {
  if (typeof answer === "number") return answer;
  if (typeof answer === "string") return JSON.stringify(answer);
  return Array.isArray(answer) ? `[${answer.join(", ")}]` : "memory";
}

function renderRecord(record: CallRecord, index: number): string {
  const { call, title, before, answer } = record;
  const said = [
    call.fd === undefined ? "" : `fd ${call.fd}`,
    call.path ?? "",
    typeof call.argument === "number" ? String(call.argument) : hexOf(before),
    call.detail ?? "",
  ].filter((part) => part !== "");
  return `${index + 1}. ${title}(${said.join(", ")}) = ${renderAnswer(answer)}${changed(record)}`;
}

function renderAnswer(answer: number | string): string {
  return typeof answer === "number" && answer < 0 ? `-${errnoName(-answer)}` : String(answer);
}

/** What the kernel wrote back, if anything. */
function changed({ before, after }: CallRecord): string {
  const same = before === undefined || after === undefined || hexOf(before) === hexOf(after);
  return same ? "" : ` → ${hexOf(after)}`;
}

const MOST_BYTES = 64;

function hexOf(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return "";
  const shown = [...bytes.subarray(0, MOST_BYTES)];
  const digits = shown.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return bytes.length > MOST_BYTES ? `${digits}… (${bytes.length} bytes)` : digits;
}
