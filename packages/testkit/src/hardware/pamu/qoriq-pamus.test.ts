// The system on a chip: its data, its registers, several PAMUs, and what the bus sees of them.

import { describe, expect, test } from "vitest";
import { DmaBus } from "../../memory/bus.ts";
import { frameOfPage, PhysicalMemory } from "../../memory/physical-memory.ts";
import { PAMUBYPENR } from "./guts.ts";
import { Pamu } from "./pamu.ts";
import { QoriqPamus } from "./qoriq-pamus.ts";
import { OFFSET } from "./registers.ts";
import { SOC_NAMES, type SocName, socNamed } from "./soc.ts";
import { primaryWords } from "./testing/entry-codec.ts";
import { putB } from "./testing/fixtures.ts";
import { HandBuiltPamu, startOf } from "./testing/hand-built.ts";

const RW = { valid: true, access: 3 } as const;

test.each([
  ["p4080-rev1", 5, 16, 3],
  ["p4080", 5, 256, 3],
  ["p2041", 4, 256, 3],
  ["p3041", 4, 256, 3],
  ["p5020", 4, 256, 3],
  ["p5040", 5, 256, 3],
  ["t4240", 6, 256, 4],
  ["b4860", 4, 256, 4],
  ["t2080", 3, 256, 4],
  ["t1040", 1, 256, 4],
  ["t1023", 1, 256, 4],
] as const)("%s has %i PAMUs with %i windows, and %i MSI banks", (name, pamus, windows, banks) => {
  const hand = new HandBuiltPamu({ soc: name });
  expect(hand.system.pamus).toHaveLength(pamus);
  expect(2 ** (((hand.read("PC3") >>> 21) & 0xf) + 1)).toBe(windows);
  expect(hand.read("PC2") >>> 16).toBe(0xfff);
  expect(socNamed(name).msiirAliases).toHaveLength(banks);
  expect(hand.system.guts.registers.read(PAMUBYPENR)).toBe(0);
});

test("the test above names every system on a chip", () => {
  expect(SOC_NAMES).toHaveLength(11);
});

test.each([
  [0x00e0_0000, 256],
  [0x0060_0000, 16],
  [0, 2],
  [0x01e0_0000, 65_536],
])("case 3: with PC3 %i an entry may have %i windows and no more", (pc3, windows) => {
  const hand = new HandBuiltPamu();
  const pamu = pamuWith((pc3 >>> 21) & 0xf, hand);
  expect(pamu.registers.read(OFFSET.PC3)).toBe(pc3);
  const entry = { size: 2n ** 36n, mappedSize: 2n ** 20n, ...RW };
  hand.putPrimary(1, primaryWords({ ...entry, windows }));
  expect(pamu.authorize(1, 0, 0, 0)).toBe(0);
  if (windows === 65_536) return;
  hand.putPrimary(1, primaryWords({ ...entry, windows: 2 * windows }));
  expect(pamu.authorize(1, 0, 0, 0)).toBe(-1);
});

/** A PAMU of its own over the primary table that was built by hand. */
function pamuWith(largestCountCode: number, hand: HandBuiltPamu): Pamu {
  const pamu = new Pamu({
    memory: hand.memory,
    capabilities: { largestCountCode, liodnBits: 12, revision: 1 },
    errata: hand.system.soc.errata,
    isSnooped: () => true,
    onStatus: () => undefined,
    onDiagnostic: () => undefined,
    statistics: { hits: 0, walks: 0, faults: 0, invalidations: 0 },
  });
  for (const name of ["PPBAH", "PPBAL", "PPLAH", "PPLAL", "PC"] as const)
    pamu.registers.write(OFFSET[name], hand.read(name));
  return pamu;
}

test("case 3: PC3 of both revisions of the P4080", () => {
  const pc3 = (soc: SocName): number => new HandBuiltPamu({ soc }).read("PC3");
  expect([pc3("p4080"), pc3("p4080-rev1")]).toEqual([0x00e0_0000, 0x0060_0000]);
});

test("revision 1 refuses an entry of more than 16 windows", () => {
  const hand = new HandBuiltPamu({ soc: "p4080-rev1" });
  const entry = { size: 2n ** 30n, mappedSize: 2n ** 22n, ...RW };
  hand.putPrimary(1, primaryWords({ ...entry, windows: 16 }));
  hand.putPrimary(2, primaryWords({ ...entry, windows: 32 }));
  expect(hand.access(1, 0n)).toBe(0n);
  expect(hand.access(2, 0n)).toBe("blocked");
  expect(hand.read("AVS1")).toBe(0x0002_0c01);
});

test("a register that nobody may write keeps its value, an undeclared one reads as zero", () => {
  const hand = new HandBuiltPamu();
  for (const name of ["PC1", "PC2", "PC3", "PC4", "PR1", "PR2", "AVAH", "AVAL", "UDAD"] as const) {
    const before = hand.read(name);
    hand.write(name, 0xffff_ffff);
    expect(hand.read(name), name).toBe(before);
  }
  expect(hand.system.registers.read(0x800)).toBe(0);
  expect(hand.system.registers.read(0x9000)).toBe(0);
});

test("each PAMU has registers and records of its own", () => {
  const hand = new HandBuiltPamu({ soc: "p4080", pamuOf: (controller) => controller });
  putB(hand);
  for (const offset of [OFFSET.PPBAH, OFFSET.PPBAL, OFFSET.PPLAH, OFFSET.PPLAL, OFFSET.PC])
    hand.system.registers.write(0x1000 + offset, hand.system.registers.read(offset));
  hand.system.guts.registers.write(0x500, 0x20);
  hand.system.guts.registers.write(0x504, 0x21);
  expect(hand.system.translateFrame(0, 7, "write")).toBe(7);
  expect(hand.system.translateFrame(1, 7, "write", 8)).toBe(-1);
  expect(hand.system.registers.read(OFFSET.AVS1)).toBe(0);
  expect(hand.system.registers.read(0x1000 + OFFSET.AVS1)).toBe(0x0021_0801);
  expect(hand.system.registers.read(0x1000 + OFFSET.AVAL)).toBe(0x7008);
  expect(hand.system.takeFaults()).toMatchObject([
    { requester: 1, address: 0x7008n, access: "write", code: 0x800 },
  ]);
  expect(hand.interrupts).toEqual([]);
  hand.system.registers.write(0x1000 + OFFSET.PICS, 4);
  expect(hand.interrupts).toEqual(["violation"]);
});

test("a requester behind no controller is a mistake of the machine", () => {
  const hand = new HandBuiltPamu();
  expect(() => hand.system.translateFrame(9, 0, "read")).toThrow(RangeError);
});

test.each([
  [0x1_0000, 0, 0],
  [-1, 0, 0],
  [1, -1, 0],
  [1, 2 ** 52, 0],
  [1, Number.NaN, 0],
  [1, 0, 4096],
])("LIODN %f, frame %f, byte %f is no transaction", (liodn, frame, offset) => {
  const hand = new HandBuiltPamu();
  expect(() => hand.pamu.authorize(liodn, frame, offset, 0)).toThrow(RangeError);
  expect(hand.read("AVS1")).toBe(0);
});

describe("through the bus", () => {
  function world() {
    const hand = new HandBuiltPamu({ memory: new PhysicalMemory({ addressBits: 36 }) });
    const pages = hand.memory.allocate(2, "contiguous");
    const target = BigInt(frameOfPage(pages, 0)) << 12n;
    hand.putPrimary(0x33, primaryWords({ base: 0x10_0000n, size: 8192n, ...RW, target }));
    hand.system.guts.registers.write(0x500, 0x33);
    const { memory } = hand;
    const bus = new DmaBus({ hardware: hand.system, memory, blockedReads: "ones" });
    return { hand, pages, bus };
  }

  test("bytes arrive where the entry says, in 64-byte pieces", () => {
    const { hand, pages, bus } = world();
    const data = Uint8Array.from({ length: 200 }, (_, index) => index);
    expect(bus.dmaWrite(0, 0x10_0ff0n, data)).toEqual({ moved: 200, faults: [], interrupts: 0 });
    expect(pages.bytes.subarray(0xff0, 0xff0 + 200)).toEqual(data);
    expect(hand.system.statistics.walks).toBe(4);
    const back = new Uint8Array(200);
    bus.dmaRead(0, 0x10_0ff0n, back);
    expect(back).toEqual(data);
  });

  test("what lies before the aperture's end arrives, the rest is dropped, AVA is exact", () => {
    const { hand, pages, bus } = world();
    const sent = bus.dmaWrite(0, 0x10_1fe0n, new Uint8Array(100).fill(7));
    expect(sent.moved).toBe(32);
    expect(sent.faults).toMatchObject([{ address: 0x10_2000n, access: "write" }]);
    expect(pages.bytes.filter((byte) => byte === 7)).toHaveLength(32);
    expect(hand.address("AVA")).toBe(0x10_2000n);
    const into = new Uint8Array(8);
    expect(bus.dmaRead(0, 0x0f_f123n, into).moved).toBe(0);
    expect([...into]).toEqual(Array.from({ length: 8 }, () => 0xff));
    expect(hand.address("AVA")).toBe(0x10_2000n);
    hand.write("AVS1", 1);
    bus.dmaRead(0, 0x0f_f123n, into);
    expect(hand.address("AVA")).toBe(0x0f_f123n);
  });
});

describe("errata without a case of their own", () => {
  test("A-005982: a base register is taken over only while OCE is set", () => {
    const hand = new HandBuiltPamu({ errata: { "A-005982": true } });
    expect(hand.read("PPBAH")).toBe(0);
    expect(hand.system.takeDiagnostics().length).toBe(6);
    hand.start();
    putB(hand);
    expect(hand.access(0x20, 0x5000n)).toBe(0x5000n);
    expect(hand.system.takeDiagnostics()).toEqual([]);
    const base = hand.read("PPBAH");
    hand.write("PC", 0x4000_0011);
    hand.write("PPBAH", 0);
    expect(hand.read("PPBAH")).toBe(base);
    expect(hand.access(0x20, 0x5000n)).toBe(0x5000n);
  });

  test("A-004510: stores show only in a coherence subdomain with the PAMUs' ports", () => {
    const hand = new HandBuiltPamu({ soc: "p5040", errata: { "A-004510": true } });
    let target = 0n;
    /** Whether a store to an entry that was fetched before is seen. */
    const isSeen = (): boolean => {
      hand.access(3, 0n);
      target += 4096n;
      hand.putPrimary(3, primaryWords({ size: 4096n, ...RW, target }));
      return hand.access(3, 0n) === target;
    };
    hand.putPrimary(3, primaryWords({ size: 4096n, ...RW, target }));
    expect(isSeen()).toBe(false);
    const { windows, manager } = hand.system.coherence;
    const base = startOf(hand.primary);
    const window = (number: number, at: bigint, sizeCode: number, subdomain: number): void => {
      windows.write(16 * number, Number(at >> 32n));
      windows.write(16 * number + 4, Number(at & 0xffff_ffffn));
      windows.write(16 * number + 8, 0x8100_0000 + subdomain * 0x1000 + sizeCode);
    };
    manager.write(0x600 + 4 * 5, 0xff00_0000);
    window(2, base, 18, 5);
    expect(isSeen()).toBe(false); // one port is missing
    manager.write(0x600 + 4 * 5, 0xff80_0000);
    expect(isSeen()).toBe(true);
    window(1, base, 11, 0);
    expect(isSeen()).toBe(false); // the first window that fits counts
    windows.write(16 * 1 + 8, 0);
    expect([isSeen(), windows.read(16 * 2 + 8)]).toEqual([true, 0x8100_5012]);
    window(2, base + 4096n, 18, 5);
    expect(isSeen()).toBe(false); // the table begins before it
  });

  test("A-007907: stashing into an L1 cache is told", () => {
    const stash = (cacheId: number, soc: SocName): readonly string[] => {
      const hand = new HandBuiltPamu({ soc });
      hand.putPrimary(5, primaryWords({ size: 4096n, ...RW, cacheId }));
      expect(hand.access(5, 0n)).toBe(0n);
      expect(hand.pamu.lastAttributes.cacheId).toBe(cacheId);
      return hand.system.takeDiagnostics();
    };
    expect(stash(38, "t4240")).toHaveLength(1);
    expect([...stash(39, "t4240"), ...stash(1, "t4240"), ...stash(38, "p4080")]).toEqual([]);
  });
});

describe("bit errors in a PAMU's own memory", () => {
  const place = { frame: 0x12_3456, offset: 0x40 };

  test("a multi-bit error is captured once and interrupts", () => {
    const hand = new HandBuiltPamu();
    hand.write("EEINTEN", 0xc);
    hand.pamu.reportBitError("multiple", place, [0x1111, 0x2222]);
    hand.pamu.reportBitError("multiple", { frame: 1, offset: 0 }, [3, 4]);
    expect(hand.read("EEDET")).toBe(0x8);
    expect(hand.read("EEATTR")).toBe(1);
    const captured = ["EEAHI", "EEALO", "EEDHI", "EEDLO"] as const;
    expect(captured.map((name) => hand.read(name))).toEqual([0x1, 0x2345_6040, 0x1111, 0x2222]);
    expect(hand.interrupts).toEqual(["error"]);
    hand.write("EEDET", 0x8);
    expect(hand.system.isRaised("error")).toBe(false);
    hand.pamu.reportBitError("multiple", place, [5, 6]);
    expect(hand.interrupts).toEqual(["error", "error"]);
    expect(hand.read("EEDHI")).toBe(0x1111);
  });

  test("single-bit errors are counted and reported from the threshold on", () => {
    const hand = new HandBuiltPamu();
    hand.write("EECTL", 0x0003_0000);
    for (const detected of [0, 0, 4]) {
      hand.pamu.reportBitError("single", place, [0, 0]);
      expect(hand.read("EEDET")).toBe(detected);
    }
    expect(hand.read("EECTL")).toBe(0x0003_0003);
    expect(hand.interrupts).toEqual([]);
  });

  test("a disabled kind is not even counted", () => {
    const hand = new HandBuiltPamu();
    hand.write("EEDIS", 0x4);
    hand.pamu.reportBitError("single", place, [0, 0]);
    expect([hand.read("EECTL"), hand.read("EEDET")]).toEqual([0, 0]);
  });
});

test("without live memory behind the primary table nothing passes", () => {
  const memory = new PhysicalMemory();
  const system = new QoriqPamus({ memory, soc: "t1023", controllerOf: () => 0 });
  system.registers.write(OFFSET.PPLAH, 1);
  system.registers.write(OFFSET.PC, 0x4000_1011);
  system.guts.registers.write(PAMUBYPENR, 0);
  expect(system.translateFrame(0, 5, "read")).toBe(-1);
  expect(system.takeFaults()).toMatchObject([{ code: -1 }]);
  expect(system.registers.read(OFFSET.POES1)).toBe(1);
});
