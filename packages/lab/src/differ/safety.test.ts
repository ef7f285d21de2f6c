import { describe, expect, test } from "vitest";
import { areaStart } from "./arena.ts";
import type { Op } from "./op.ts";
import { danger, mended } from "./safety.ts";
import { OWN_ENVIRONMENTS } from "./simulate.ts";

const { vtd, amdvi } = OWN_ENVIRONMENTS;
const UNMAP = { op: "unmap", fd: "c0", argsz: 24, flags: 0 } as const;
const DIRTY = { op: "dirty", fd: "c0", argsz: 48, flags: 4, iova: "0x0", size: "0x1000" } as const;
const BITS = `arena+0x${areaStart("bits").toString(16)}`;
const DMA = { op: "dma", fd: "d0", from: "0x1000", to: "0x2000", length: 4 } as const;
const TO_THE_TOP: Op = { ...UNMAP, iova: "0x1000", size: "0xfffffffffffff000" };

function bitmap(size: string, data: string): Op {
  return { ...DIRTY, bitmap: { pgsize: "0x1000", size, data } };
}

describe("dangerous", () => {
  test.each<[string, Op]>([
    ["a range that ends at 2^64 where mappings can lie there", TO_THE_TOP],
    ["a bitmap that could leave the arena", bitmap("0x10000", BITS)],
    [
      "a bitmap near the arena's end",
      bitmap("0x8000", `arena+0x${areaStart("guard").toString(16)}0`),
    ],
    ["a bitmap in unknown memory", bitmap("0x8", "0x7f0000000000")],
    ["a long bitmap from a low address", bitmap("0x100000", "0x1000")],
    ["a transfer that is too long", { ...DMA, length: 4096 }],
    ["no transfer at all", { ...DMA, length: 0 }],
    ["a transfer into the interrupt window", { ...DMA, to: "0xfee00000" }],
    ["a transfer that ends in it", { ...DMA, from: "0xfedffffe" }],
  ])("%s", (_, op) => {
    expect(danger(op, amdvi)).toEqual(expect.any(String));
    expect(danger(mended(op, amdvi), amdvi)).toBeUndefined();
  });
});

describe("harmless", () => {
  test.each<[string, Op]>([
    ["a range that ends at 2^64 where nothing can lie", TO_THE_TOP],
    ["a short bitmap in the arena", bitmap("0x2000", BITS)],
    ["a bitmap that the kernel refuses", bitmap("0x10000001", BITS)],
    ["a short bitmap where nothing is mapped", bitmap("0x8", "0x1000")],
    ["a bitmap in kernel space", bitmap("0x8", "0x8000000000000000")],
    ["a transfer beside the interrupt window", { ...DMA, to: "0xfef00000" }],
    ["a close", { op: "close", fd: "c0" }],
  ])("%s", (_, op) => {
    expect(danger(op, vtd)).toBeUndefined();
    expect(mended(op, vtd)).toBe(op);
  });
});
