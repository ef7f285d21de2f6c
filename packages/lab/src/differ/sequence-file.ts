// Reads a sequence from a file: a list of ops, or a divergence as `differ --json` printed it.

import { readFile } from "node:fs/promises";
import { LabError, reportOf } from "../errors.ts";
import type { Op, Sequence } from "./op.ts";

type Kind = "text" | "number" | "bitmap" | "list";

/** The members that each op must have. */
const MEMBERS: Readonly<Record<Op["op"], Readonly<Record<string, Kind>>>> = {
  open: { into: "text", node: "text" },
  eventfd: { into: "text" },
  close: { fd: "text" },
  word: { fd: "text", call: "text", value: "number" },
  status: { fd: "text", argsz: "number" },
  attach: { fd: "text", container: "text" },
  device: { fd: "text", into: "text", name: "text" },
  "device-info": { fd: "text", argsz: "number" },
  "iommu-info": { fd: "text", argsz: "number" },
  "region-info": { fd: "text", argsz: "number", index: "number" },
  "irq-info": { fd: "text", argsz: "number", index: "number" },
  limit: { value: "number" },
  map: { fd: "text", argsz: "number", flags: "number", vaddr: "text", iova: "text", size: "text" },
  unmap: { fd: "text", argsz: "number", flags: "number", iova: "text", size: "text" },
  dirty: { fd: "text", argsz: "number", flags: "number", iova: "text", size: "text" },
  register: { fd: "text", argsz: "number", flags: "number", vaddr: "text", size: "text" },
  unregister: { fd: "text", argsz: "number", flags: "number", vaddr: "text", size: "text" },
  create: {
    fd: "text",
    argsz: "number",
    flags: "number",
    pageShift: "number",
    windowSize: "text",
    levels: "number",
  },
  remove: { fd: "text", argsz: "number", flags: "number", start: "text" },
  eeh: {
    fd: "text",
    argsz: "number",
    flags: "number",
    operation: "number",
    type: "number",
    func: "number",
  },
  "set-irqs": {
    fd: "text",
    argsz: "number",
    flags: "number",
    index: "number",
    start: "number",
    count: "number",
    data: "list",
  },
  read: { fd: "text", region: "number", offset: "text", length: "number" },
  write: { fd: "text", region: "number", offset: "text", length: "number" },
  dma: { fd: "text", from: "text", to: "text", length: "number" },
};

/** Valid errors: `file-unreadable`, `file-invalid`. */
export async function readSequence(file: string): Promise<Sequence> {
  return parseSequence(file, await readText(file));
}

/** Valid errors: `file-invalid`. */
export function parseSequence(file: string, text: string): Sequence {
  const ops = opsOf(parsed(file, text));
  if (!Array.isArray(ops)) throw invalid(file, "it holds no list of calls");
  for (const [index, op] of ops.entries()) {
    const problem = problemOf(op);
    if (problem !== undefined) throw invalid(file, `call ${index}: ${problem}`);
  }
  // cast: every member that an op must have was looked at.
  return ops as Sequence;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new LabError("file-unreadable", `${file} cannot be read`, {
      hint: "--sequence takes a JSON file that holds a list of calls",
      cause,
    });
  }
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(file, reportOf(cause).message);
  }
}

function opsOf(value: unknown): unknown {
  return isRecord(value) ? (value["shrunk"] ?? value["calls"]) : value;
}

function problemOf(op: unknown): string | undefined {
  if (!isRecord(op)) return "it is not an object";
  const { op: name } = op;
  const members = typeof name === "string" && isName(name) ? MEMBERS[name] : undefined;
  if (members === undefined) return `there is no call ${JSON.stringify(name)}`;
  const wrong = Object.entries(members).find(([member, kind]) => !isKind(op[member], kind));
  if (wrong !== undefined) return `${wrong[0]} is not what it must be (${wrong[1]})`;
  if (op["bitmap"] !== undefined && !isKind(op["bitmap"], "bitmap")) return "bitmap is not one";
  return undefined;
}

function isName(name: string): name is Op["op"] {
  return Object.hasOwn(MEMBERS, name);
}

function isKind(value: unknown, kind: Kind): boolean {
  if (kind === "text") return typeof value === "string";
  if (kind === "number") return Number.isSafeInteger(value);
  if (kind === "list") return Array.isArray(value);
  return isRecord(value) && ["pgsize", "size", "data"].every((name) => isKind(value[name], "text"));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(file: string, why: string): LabError {
  return new LabError("file-invalid", `${file} is not a sequence: ${why}`, {
    hint: "a sequence is what differ --json prints as `shrunk`",
  });
}
