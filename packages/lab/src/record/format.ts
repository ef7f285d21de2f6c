// A recording as text: one line of JSON for the head, one for each call.
//
//     {"iommukitRecording":1,"target":"qemu/vtd",…}
//     {"call":"open","path":"/dev/vfio/{group0}","flags":"rw","result":"f3"}
//     {"call":"VFIO_IOMMU_MAP_DMA","fd":"f2","in":{"argsz":32,…,"vaddr":"m0+0x0"},"result":0}
//
// What another run cannot have as well has a name: descriptors f0, f1, …, memory m0, m1, …, groups and
// devices {group0}, {device0}, … in the order of the host's list. 64-bit numbers are "0x…".

import type { Environment } from "../differ/environment.ts";
import { LabError, reportOf } from "../errors.ts";

export const FORMAT_VERSION = 1;

export interface RecordingHead {
  readonly iommukitRecording: number;
  readonly target: string;
  /** What the machine was free to choose; a simulated one is built to it. */
  readonly environment: Environment;
}

/** Members of a struct; `rest` is what follows them: hexadecimal digits, `+n` for n more zeros. */
export type Fields = Readonly<Record<string, number | string>>;

export interface RecordedCall {
  /** The ioctl's name, or the port's. */
  readonly call: string;
  readonly fd?: string;
  readonly path?: string;
  /** Of an ioctl that is none of VFIO's. */
  readonly request?: number;
  /** A value in the argument register, or what else was said. */
  readonly value?: number | string;
  readonly in?: Fields;
  /** Members that the kernel changed. */
  readonly out?: Fields;
  readonly flags?: "r" | "rw";
  readonly offset?: string;
  readonly length?: number;
  readonly data?: string;
  readonly protection?: string;
  /** Asked again until the answer was this. */
  readonly polled?: true;
  /** A number as it was answered, or the name of what was got; "text" for a text. */
  readonly result: number | string;
}

export interface Recorded {
  readonly head: RecordingHead;
  readonly calls: readonly RecordedCall[];
}

export function printRecording({ head, calls }: Recorded): string {
  return [head, ...calls].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** Valid errors: `file-invalid`. */
export function parseRecording(file: string, text: string): Recorded {
  const [first, ...rest] = text.split("\n").filter((line) => line !== "");
  const head = parsedLine(file, 1, first ?? "");
  if (head["iommukitRecording"] !== FORMAT_VERSION)
    throw invalid(file, `it is no recording of format ${FORMAT_VERSION}`);
  const calls = rest.map((line, index) => {
    const call = parsedLine(file, index + 2, line);
    if (typeof call["call"] !== "string" || call["result"] === undefined)
      throw invalid(file, `line ${index + 2} is no call`);
    return call;
  });
  // cast: written by printRecording; a call that lacks a member fails when it is made again.
  return { head: head as unknown as RecordingHead, calls: calls as unknown as RecordedCall[] };
}

function parsedLine(file: string, number: number, line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch (cause) {
    throw invalid(file, `line ${number}: ${reportOf(cause).message}`);
  }
  throw invalid(file, `line ${number} is not an object`);
}

function invalid(file: string, why: string): LabError {
  return new LabError("file-invalid", `${file} is not a recording: ${why}`, {
    hint: "a recording is what iommukit record prints",
  });
}
