// The recorded conversations of the real kernels, made again with the simulated one.
//
// Each is integration/conformance.ts on one of the QEMU targets, as `iommukit record` wrote it.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { SimulatedKind } from "../differ/simulate.ts";
import { parseRecording, printRecording } from "./format.ts";
import { replaySimulated } from "./run-record.ts";

const FOLDER = fileURLToPath(new URL("../../test/recordings/", import.meta.url));
const KINDS: readonly SimulatedKind[] = [
  "vtd",
  "amdvi",
  "virtio-iommu",
  "powernv9",
  "powernv9-64k",
  "pseries",
];
const MOST_BYTES = 400_000;

function textOf(kind: SimulatedKind): string {
  return readFileSync(`${FOLDER}${kind}.jsonl`, "utf8");
}

test("rule: there is one for each kernel, and none that is not replayed", () => {
  expect(new Set(readdirSync(FOLDER))).toEqual(new Set(KINDS.map((kind) => `${kind}.jsonl`)));
});

describe.each(KINDS)("%s", (kind) => {
  test("default: the simulated kernel answers every call as the real one did", async () => {
    const recorded = parseRecording(kind, textOf(kind));
    const { calls, mismatches } = await replaySimulated(recorded, kind);
    expect(mismatches).toEqual([]);
    expect(calls).toBeGreaterThan(1000);
  });

  test("behavior: it is small, and written as it would be again", () => {
    const text = textOf(kind);
    expect(text.length).toBeLessThan(MOST_BYTES);
    expect(printRecording(parseRecording(kind, text))).toBe(text);
    expect(parseRecording(kind, text).head.target).toBe(`qemu/${kind}`);
  });

  test("behavior: every call of it has its name in the kernel's header", () => {
    const { calls } = parseRecording(kind, textOf(kind));
    expect(calls.filter(({ call }) => call === "ioctl")).toEqual([]);
  });
});
