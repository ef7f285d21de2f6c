import { describe, expect, test } from "vitest";
import { frameOfPage, PhysicalMemory, POISON_BYTE } from "./physical-memory.ts";

const GIB_FRAMES = 0x4_0000;

describe.each(["contiguous", "scattered"] as const)("%s memory", (layout) => {
  test("every byte written through a frame is the process's byte, in its order", () => {
    const memory = new PhysicalMemory({ seed: 5 });
    const other = memory.allocate(3, layout);
    const pages = memory.allocate(70, layout);
    for (let page = 0; page < 70; page++)
      memory.write(frameOfPage(pages, page), page, Uint8Array.of(page + 1));
    for (let page = 0; page < 70; page++) {
      expect(pages.bytes[4096 * page + page]).toBe(page + 1);
      const seen = new Uint8Array(2);
      memory.read(frameOfPage(pages, page), page, seen);
      expect([...seen]).toEqual([page + 1, 0]);
    }
    expect(other.bytes.every((byte) => byte === 0)).toBe(true);
    expect(memory.takeStrayAccesses()).toEqual([]);
  });

  test("frames lie above 4 GiB, each belongs to one allocation, and none follows the last", () => {
    const memory = new PhysicalMemory({ seed: 6 });
    const seen = new Set<number>();
    for (const size of [1, 5, 64, 513]) {
      const pages = memory.allocate(size, layout);
      const frames = Array.from({ length: size }, (_, page) => frameOfPage(pages, page));
      for (const frame of frames) {
        expect(seen.has(frame)).toBe(false);
        expect(frame).toBeGreaterThanOrEqual(0x10_0000);
        seen.add(frame);
      }
      expect(memory.isLive(Math.max(...frames) + 1)).toBe(false);
      expect(memory.isLive(Math.min(...frames) - 1)).toBe(false);
    }
  });
});

test("contiguous memory is aligned to its size, up to 1 GiB", () => {
  const memory = new PhysicalMemory();
  for (const [frames, alignment] of [
    [1, 1],
    [3, 4],
    [512, 512],
    [513, 1024],
    [GIB_FRAMES, GIB_FRAMES],
    [GIB_FRAMES + 1, GIB_FRAMES],
  ] as const) {
    const { runs } = memory.allocate(frames, "contiguous");
    expect(runs).toHaveLength(1);
    expect((runs[0]?.firstFrame ?? -1) % alignment, `${frames}`).toBe(0);
  }
});

test("scattered memory has no two neighbours, and the same seed gives the same order", () => {
  const runsOf = (seed: number) => new PhysicalMemory({ seed }).allocate(256, "scattered").runs;
  const frames = runsOf(1).map((run) => run.firstFrame);
  for (const [page, frame] of frames.entries())
    expect(Math.abs(frame - (frames[page + 1] ?? 0))).toBeGreaterThan(1);
  expect(runsOf(1)).toEqual(runsOf(1));
  expect(runsOf(1)).not.toEqual(runsOf(2));
});

test("an access to freed memory is recorded, reads poison and changes nothing", () => {
  const memory = new PhysicalMemory();
  const gone = memory.allocate(2, "contiguous");
  const frame = frameOfPage(gone, 1);
  gone.bytes.fill(7);
  memory.free(gone);
  const kept = memory.allocate(2, "contiguous");
  const seen = new Uint8Array(4);
  expect(memory.read(frame, 8, seen)).toBe(false);
  expect(memory.write(frame, 16, Uint8Array.of(1, 2))).toBe(false);
  expect([...seen]).toEqual([POISON_BYTE, POISON_BYTE, POISON_BYTE, POISON_BYTE]);
  expect(gone.bytes.every((byte) => byte === POISON_BYTE)).toBe(true);
  expect(kept.bytes.every((byte) => byte === 0)).toBe(true);
  expect(memory.takeStrayAccesses()).toEqual([
    { frame, offset: 8, length: 4, access: "read", kind: "freed" },
    { frame, offset: 16, length: 2, access: "write", kind: "freed" },
  ]);
  expect(memory.takeStrayAccesses()).toEqual([]);
});

test("an access where there never was memory reads ones", () => {
  const memory = new PhysicalMemory();
  const seen = new Uint8Array(2);
  expect(memory.read(0x50, 0, seen)).toBe(false);
  expect([...seen]).toEqual([255, 255]);
  const pages = memory.allocate(2, "scattered");
  expect(memory.write(Math.min(...pages.runs.map((run) => run.firstFrame)) + 1, 0, seen)).toBe(
    false,
  );
  const hole = Math.min(...pages.runs.map((run) => run.firstFrame)) + 1;
  expect(memory.read(hole, 0, seen.fill(0))).toBe(false);
  expect([...seen]).toEqual([255, 255]);
  expect(memory.takeStrayAccesses().map((stray) => stray.kind)).toEqual([
    "absent",
    "absent",
    "absent",
  ]);
});

test("long quarantines forget the oldest, which then count as absent", () => {
  const memory = new PhysicalMemory();
  const first = memory.allocate(1, "contiguous");
  memory.free(first);
  for (let round = 0; round < 5000; round++) memory.free(memory.allocate(1, "contiguous"));
  const last = memory.allocate(1, "contiguous");
  memory.read(frameOfPage(first, 0), 0, new Uint8Array(1));
  expect(memory.takeStrayAccesses()[0]?.kind).toBe("absent");
  expect(memory.write(frameOfPage(last, 0), 0, Uint8Array.of(5))).toBe(true);
  expect(last.bytes[0]).toBe(5);
  expect(memory.liveAllocations).toBe(1);
});

test("misuse by the simulator itself throws", () => {
  const memory = new PhysicalMemory({ addressBits: 33 });
  const pages = memory.allocate(1, "contiguous");
  memory.free(pages);
  expect(() => memory.free(pages)).toThrow("not live");
  expect(() => memory.allocate(0, "contiguous")).toThrow(RangeError);
  expect(() => memory.allocate(0.5, "scattered")).toThrow(RangeError);
  expect(() => frameOfPage(pages, 1)).toThrow(RangeError);
  expect(() => memory.allocate(2 * GIB_FRAMES, "scattered")).toThrow("no physical addresses left");
});

test("only the poison limit of a large allocation is overwritten", () => {
  const memory = new PhysicalMemory({ poisonLimit: 4096 });
  const pages = memory.allocate(2, "contiguous");
  memory.free(pages);
  expect([pages.bytes[4095], pages.bytes[4096]]).toEqual([POISON_BYTE, 0]);
});

describe("the bytes themselves", () => {
  test("every later write shows in them, from the frame to the end of the allocation", () => {
    const memory = new PhysicalMemory();
    const pages = memory.allocate(3, "contiguous");
    const bytes = memory.bytesFrom(frameOfPage(pages, 1));
    expect(bytes).toHaveLength(2 * 4096);
    memory.write(frameOfPage(pages, 2), 5, Uint8Array.of(7));
    pages.bytes[4096] = 8;
    expect([bytes?.[4096 + 5], bytes?.[0]]).toEqual([7, 8]);
  });

  test("scattered, absent and freed memory has none, and listeners hear when memory goes", () => {
    const memory = new PhysicalMemory();
    const pages = memory.allocate(3, "contiguous");
    const first = frameOfPage(pages, 0);
    const scattered = memory.allocate(3, "scattered");
    let freed = 0;
    memory.whenFreed(() => {
      freed += 1;
    });
    expect(memory.bytesFrom(frameOfPage(scattered, 0))).toBeUndefined();
    expect(memory.bytesFrom(first + 3)).toBeUndefined();
    expect(memory.bytesFrom(memory.tables.allocate())).toBeUndefined();
    expect(freed).toBe(0);
    memory.free(pages);
    expect(freed).toBe(1);
    expect(memory.bytesFrom(first)).toBeUndefined();
  });
});
