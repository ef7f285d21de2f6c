// Cases 32 to 45: violations, the registers that tell of them, and what software does about it.

import { describe, expect, test } from "vitest";
import { PhysicalMemory } from "../../memory/physical-memory.ts";
import { Guts, PAMUBYPENR } from "./guts.ts";
import { QoriqPamus } from "./qoriq-pamus.ts";
import { OFFSET } from "./registers.ts";
import { socNamed } from "./soc.ts";
import { primaryWords, secondaryWords } from "./testing/entry-codec.ts";
import { putA, putB, putC } from "./testing/fixtures.ts";
import { HandBuiltPamu, startOf } from "./testing/hand-built.ts";

const KIB = 1024n;
const GIB = 1024n * 1024n * KIB;

/** The PAMU with fixtures A, B and C. */
function world(options: ConstructorParameters<typeof HandBuiltPamu>[0] = {}): HandBuiltPamu {
  const hand = new HandBuiltPamu(options);
  for (const put of [putA, putB, putC]) put(hand);
  return hand;
}

/** AVS1 after one access that starts from a clear register. */
function avs1After(hand: HandBuiltPamu, liodn: number, address: bigint): number {
  hand.write("AVS1", 0x7fff);
  expect(hand.access(liodn, address)).toBe("blocked");
  expect(hand.address("AVA")).toBe(address);
  return hand.read("AVS1");
}

/** What Linux does in its handler of the violation interrupt (drivers/iommu/fsl_pamu.c, 6.12). */
function handle(hand: HandBuiltPamu): void {
  let pics = hand.read("PICS");
  if ((pics & 0x8) === 0) return;
  const avs1 = hand.read("AVS1");
  hand.write("AVS1", avs1 & 0x7fff);
  const liodn = avs1 >>> 16;
  const entry = new DataView(hand.primary.bytes.buffer);
  const at = 64 * liodn + 4;
  if (liodn < 0x500 && (entry.getUint32(at) & 1) !== 0)
    entry.setUint32(at, entry.getUint32(at) & ~1);
  else pics &= ~0x4;
  hand.write("PICS", pics);
}

const word1 = (hand: HandBuiltPamu, liodn: number): number =>
  new DataView(hand.primary.bytes.buffer).getUint32(64 * liodn + 4);

test("case 32: a secondary entry of another LIODN is not honoured", () => {
  const hand = world();
  const mapped = { valid: true, access: 3, mappedSize: 4n * KIB, target: 0x5000n } as const;
  hand.putPrimary(
    0x60,
    primaryWords({ size: 8n * KIB, windows: 2, firstSecondary: 0x700, ...mapped }),
  );
  hand.putSecondary(0x700, secondaryWords({ owner: 0x61, ...mapped }));
  expect(avs1After(hand, 0x60, 0x1000n)).toBe(0x0060_0201);
  expect(hand.access(0x60, 0n)).toBe(0x5000n);
});

test.each([
  [0x11, 0x0011_0801],
  [0x4ff, 0x04ff_0801],
  [0x500, 0x0500_0401],
  [0x74, 0x0074_0c01],
])("case 34: LIODN %i, never configured, gives %i", (liodn, avs1) => {
  const hand = world();
  hand.putPrimary(0x74, primaryWords({ size: 0n, valid: true, access: 3 }));
  expect(avs1After(hand, liodn, 0n)).toBe(avs1);
});

test("case 35: gate closed, not enabled, bypassed", () => {
  const hand = world();
  hand.write("PC", 0xc000_1011);
  expect(avs1After(hand, 0x20, 0n)).toBe(0x0020_2001);
  hand.write("PC", 0x0000_1011);
  expect(avs1After(hand, 0x20, 0n)).toBe(0x0020_4001);
  hand.write("AVS1", 0x7fff);
  hand.write("PICS", 0xc);
  hand.system.guts.registers.write(PAMUBYPENR, 0x8000_0000);
  hand.system.guts.registers.write(0x500, 0x7ff);
  expect(hand.system.translateFrame(0, 0, "read", 0x123)).toBe(0);
  expect([hand.read("AVS1") & 1, hand.read("PICS")]).toEqual([0, 4]);
});

describe("cases 36 to 39: one violation and Linux's handler", () => {
  test("case 36: what the registers show", () => {
    const hand = world();
    expect(avs1After(hand, 0x10, 0x20c0_0000n)).toBe(0x0010_0181);
    expect([hand.read("AVAH"), hand.read("AVAL")]).toEqual([0, 0x20c0_0000]);
    expect(hand.read("PICS")).toBe(0x0c);
    expect(hand.system.isRaised("violation")).toBe(true);
    expect(hand.interrupts).toEqual(["violation"]);
    expect(word1(hand, 0x10)).toBe(0x0000_0779);
  });

  test("case 37: a second violation is lost", () => {
    const hand = world();
    avs1After(hand, 0x10, 0x20c0_0000n);
    expect(hand.access(0x30, 0x80_0000n)).toBe("blocked");
    expect([hand.read("AVS1"), hand.read("AVAL")]).toEqual([0x0010_0181, 0x20c0_0000]);
    expect(hand.interrupts).toEqual(["violation"]);
  });

  test("case 38: the handler cuts the device off", () => {
    const hand = world();
    avs1After(hand, 0x10, 0x20c0_0000n);
    hand.access(0x30, 0x80_0000n);
    handle(hand);
    expect(hand.read("AVS1")).toBe(0x0010_0000);
    expect(word1(hand, 0x10)).toBe(0x0000_0778);
    expect(hand.read("PICS")).toBe(0x04);
    expect(hand.system.isRaised("violation")).toBe(false);
  });

  test("case 39: its next access is a violation too, and the last that interrupts", () => {
    const hand = world();
    avs1After(hand, 0x10, 0x20c0_0000n);
    handle(hand);
    expect(hand.access(0x10, 0n)).toBe("blocked");
    expect(hand.read("AVS1")).toBe(0x0010_0801);
    expect(hand.interrupts).toEqual(["violation", "violation"]);
    handle(hand);
    expect([hand.read("PICS"), word1(hand, 0x10)]).toEqual([0, 0x0000_0778]);
    hand.access(0x10, 0n);
    expect(hand.interrupts).toHaveLength(2);
    expect(hand.system.isRaised("violation")).toBe(false);
  });

  test("case 39: without erratum A-003638 the access is blocked in silence", () => {
    const hand = world({ errata: { "A-003638": false } });
    avs1After(hand, 0x10, 0x20c0_0000n);
    handle(hand);
    expect(hand.access(0x10, 0n)).toBe("blocked");
    expect([hand.read("AVS1"), hand.read("PICS")]).toEqual([0x0010_0000, 0x04]);
    expect(hand.interrupts).toHaveLength(1);
  });
});

test("case 40: AVS1 can name a LIODN that no table has", () => {
  const hand = world();
  const before = hand.primary.bytes.slice();
  expect(avs1After(hand, 0x500, 0x1234n) >>> 16).toBe(0x500);
  handle(hand);
  expect(hand.primary.bytes).toEqual(before);
  expect(hand.read("PICS")).toBe(0);
});

describe("case 41: status bits of PICS with errata", () => {
  test("PAMU3: the second write of a one clears", () => {
    const hand = world({ soc: "p4080-rev1" });
    putB(hand);
    avs1After(hand, 0x11, 0n);
    const seen = [hand.read("PICS")];
    for (let time = 0; time < 2; time++) {
      hand.write("PICS", 0x0c);
      seen.push(hand.read("PICS"));
    }
    expect(seen).toEqual([0x0c, 0x0c, 0x04]);
  });

  test("PAMU3: what came in between has to be cleared twice as well", () => {
    const hand = world({ errata: { PAMU3: true } });
    avs1After(hand, 0x11, 0n);
    hand.write("PICS", 0x0c);
    avs1After(hand, 0x11, 0n);
    hand.write("PICS", 0x0c);
    expect(hand.read("PICS")).toBe(0x0c);
    hand.write("PICS", 0x0c);
    expect(hand.read("PICS")).toBe(0x04);
  });

  test("PAMU-A001: writing a one to a zero sets it", () => {
    const hand = world({ soc: "p4080" });
    expect(hand.read("PICS")).toBe(0x04);
    hand.write("PICS", 0x0c);
    expect(hand.read("PICS")).toBe(0x0c);
    expect(hand.system.isRaised("violation")).toBe(true);
    hand.write("PICS", 0x0c);
    expect(hand.read("PICS")).toBe(0x04);
  });

  test("without errata a write of zero changes no status and a one clears it", () => {
    const hand = world();
    avs1After(hand, 0x11, 0n);
    hand.write("PICS", 0x04);
    expect(hand.read("PICS")).toBe(0x0c);
    hand.write("PICS", 0x0c);
    expect(hand.read("PICS")).toBe(0x04);
    hand.write("PICS", 0x0c);
    expect(hand.read("PICS")).toBe(0x04);
  });
});

test("case 42: registers after setup of a block at 0x07f80000", () => {
  const hand = new HandBuiltPamu();
  hand.place("PPB", "PPL", 0x07f8_0000n, 0x1_4000);
  hand.place("SPB", "SPL", 0x07fa_0000n, 0x2_0000);
  hand.place("OB", "OL", 0x07fc_0000n, 0x800);
  const block = (offset: number): number => hand.system.registers.read(offset);
  const low = [OFFSET.PPBAL, OFFSET.PPLAL, OFFSET.SPBAL, OFFSET.SPLAL, OFFSET.OBAL, OFFSET.OLAL];
  expect(low.map(block)).toEqual([
    0x07f8_0000, 0x07f9_4000, 0x07fa_0000, 0x07fc_0000, 0x07fc_0000, 0x07fc_0800,
  ]);
  expect([block(OFFSET.PPBAH), block(OFFSET.PICS), block(OFFSET.PC)]).toEqual([0, 4, 0x4000_1011]);
});

test.each([
  ["p4080", 0xf800_0000],
  ["t4240", 0xfc00_0000],
] as const)("case 42: %s bypasses every PAMU until told otherwise", (soc, all) => {
  const { registers, bypassed } = new Guts(socNamed(soc), "normal");
  expect(registers.read(PAMUBYPENR)).toBe(all);
  registers.write(PAMUBYPENR, 0x8000_0000);
  expect(bypassed.map((each) => (each ? 1 : 0)).join("")).toMatch(/^10+$/);
  registers.write(PAMUBYPENR, 0);
  expect(registers.read(PAMUBYPENR)).toBe(0);
});

test("after a secure boot nothing passes before the PAMU is enabled", () => {
  const memory = new PhysicalMemory();
  const system = new QoriqPamus({ memory, soc: "t2080", boot: "secure", controllerOf: () => 0 });
  expect(system.translateFrame(0, 5, "read")).toBe(-1);
  expect(system.takeFaults()).toMatchObject([{ code: 0x4000 }]);
});

describe("case 44: a fetched entry and a later store", () => {
  /** Window 1 of LIODN 0x10 is fetched, then moved to 8 GiB. */
  function moved(tableFetches: "snooped" | "not-snooped"): HandBuiltPamu {
    const hand = world({ tableFetches });
    expect(hand.access(0x10, 0x40_0000n)).toBe(0x2_4040_0000n);
    const entry = { valid: true, access: 3, mappedSize: 4096n * KIB, target: 8n * GIB } as const;
    hand.putSecondary(0, secondaryWords({ owner: 0x10, ...entry }));
    return hand;
  }

  test("not snooped: the old one stays until SPBA is written", () => {
    const hand = moved("not-snooped");
    expect(hand.access(0x10, 0x40_0000n)).toBe(0x2_4040_0000n);
    hand.write("PPBAL", hand.read("PPBAL"));
    expect(hand.access(0x10, 0x40_0000n)).toBe(0x2_4040_0000n);
    hand.write("SPBAL", hand.read("SPBAL"));
    expect(hand.access(0x10, 0x40_0000n)).toBe(8n * GIB);
  });

  test("not snooped, its cache switched off: the new one at once", () => {
    const hand = moved("not-snooped");
    hand.write("PC", 0x4000_1001);
    expect(hand.access(0x10, 0x40_0000n)).toBe(8n * GIB);
  });

  test("snooped: the new one at once", () => {
    expect(moved("snooped").access(0x10, 0x40_0000n)).toBe(8n * GIB);
  });
});

test("case 45: a table that is gone is an operation error", () => {
  const hand = world();
  const at = startOf(hand.secondary);
  hand.write("PICS", 5);
  hand.memory.free(hand.secondary);
  expect(hand.access(0x10, 0x40_0000n)).toBe("blocked");
  expect(hand.read("POES1")).toBe(1);
  expect(hand.address("POEA")).toBe(at);
  expect([hand.read("PICS"), hand.read("AVS1")]).toEqual([0x7, 0]);
  expect(hand.interrupts).toEqual(["error"]);
  hand.access(0x10, 0x80_0000n);
  expect(hand.address("POEA")).toBe(at);
  hand.write("POES1", 1);
  hand.write("PICS", 7);
  expect([hand.read("POES1"), hand.read("PICS")]).toEqual([0, 5]);
  expect(hand.system.isRaised("error")).toBe(false);
});
