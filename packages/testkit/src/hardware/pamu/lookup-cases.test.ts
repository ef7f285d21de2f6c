// Cases 18 to 30: addresses in, addresses or violations out.

import { expect, test } from "vitest";
import { DmaBus, type RegisterPages } from "../../memory/bus.ts";
import { EOE } from "./operations.ts";
import { primaryWords, secondaryWords } from "./testing/entry-codec.ts";
import { immediateOperations, putA, putB, putC, putD, putE } from "./testing/fixtures.ts";
import { HandBuiltPamu, type OperationName } from "./testing/hand-built.ts";

const MIB = 1024n * 1024n;
const GIB = 1024n * MIB;
const A = 0x10;
const B = 0x20;
const C = 0x30;
const D = 0x40;
const E = 0x50;

/** Case, LIODN, operation, address, and the physical address or AVS1. */
type Row = readonly [
  number: number,
  liodn: number,
  operation: OperationName,
  address: bigint,
  expected: { readonly to: bigint } | { readonly avs1: number },
];

const ROWS: readonly Row[] = [
  [18, A, "READ", 0n, { to: 0x2_4000_0000n }],
  [18, A, "WRITE", 0x3f_ffffn, { to: 0x2_403f_ffffn }],
  [18, A, "READ", 0x40_0000n, { to: 0x2_4040_0000n }],
  [18, A, "WRITE", 0x1fff_ffffn, { to: 0x2_5fff_ffffn }],
  [19, A, "WRITE", 0x2000_0140n, { to: 0xf_fe04_4140n }],
  [19, A, "WRITE", 0x2040_0140n, { to: 0xf_fe04_5140n }],
  [19, A, "WRITE", 0x2080_0140n, { to: 0xf_fe04_6140n }],
  [21, A, "READ", 0x20c0_0000n, { avs1: 0x0010_0181 }],
  [21, A, "READ", 0x3fff_ffffn, { avs1: 0x0010_0181 }],
  [21, A, "READ", 0x4000_0000n, { avs1: 0x0010_0081 }],
  [22, B, "READ", 0n, { to: 0n }],
  [22, B, "WRITE", 0xf_ffff_ffffn, { to: 0xf_ffff_ffffn }],
  [22, B, "READ", 0x10_0000_0000n, { avs1: 0x0020_0081 }],
  [23, C, "READ", 0x7f_ffffn, { to: 0x107f_ffffn }],
  [23, C, "READ", 0x80_0000n, { avs1: 0x0030_0281 }],
  [23, C, "READ", 0x100_0000n, { to: 0x1100_0000n }],
  [23, C, "WRITE", 0xf7f_ffffn, { to: 0x1f7f_ffffn }],
  [23, C, "READ", 0x1000_0000n, { avs1: 0x0030_0081 }],
  [25, D, "READ", 0x400_0115n, { to: 0x8400_0115n }],
  [25, D, "WRITE", 0x7ff_ffffn, { to: 0x87ff_ffffn }],
  [25, D, "READ", 0x3ff_ffffn, { avs1: 0x0040_0081 }],
  [25, D, "READ", 0x800_0000n, { avs1: 0x0040_0081 }],
  [27, 0x71, "READ", 0n, { to: 0xf_f000_0000n }],
  [27, 0x71, "READ", 0xf_ffff_ffffn, { to: 0x0fff_ffffn }],
  [27, 0x71, "WRITE", 0x1_2345_6789n, { to: 0xe_d345_6789n }],
  [29, 0x70, "READ", 0x1234n, { to: 0x1234n }],
  [29, 0x70, "EREAD0", 0x1234n, { avs1: 0x0070_0003 }],
  [29, 0x70, "RAI", 0x1234n, { avs1: 0x0070_0003 }],
];

/** Everything that the rows use, in one PAMU. */
function world(): HandBuiltPamu {
  const hand = new HandBuiltPamu();
  for (const put of [putA, putB, putC, putD, putE]) put(hand);
  const target = (k: bigint): bigint => (255n - k) * 256n * MIB;
  const all = { valid: true, access: 3, mappedSize: 256n * MIB } as const;
  const big = { size: 64n * GIB, windows: 256, firstSecondary: 1000 };
  hand.putPrimary(0x71, primaryWords({ ...big, ...all, target: target(0n) }));
  for (let k = 1; k < 256; k++)
    hand.putSecondary(999 + k, secondaryWords({ owner: 0x71, ...all, target: target(BigInt(k)) }));
  const operations = immediateOperations(["READ", "READI"], ["WRITE", "WWSA"]);
  hand.putPrimary(
    0x70,
    primaryWords({ size: 64n * GIB, valid: true, access: 3, operationMode: 1, operations }),
  );
  return hand;
}

test.each(ROWS)("case %i: LIODN %i, %s at %i", (_number, liodn, operation, address, expected) => {
  const hand = world();
  const answer = hand.access(liodn, address, operation);
  if ("to" in expected) {
    expect(answer).toBe(expected.to);
    expect(hand.read("AVS1")).toBe(0);
  } else {
    expect(answer).toBe("blocked");
    expect(hand.read("AVS1").toString(16)).toBe(expected.avs1.toString(16));
    expect(hand.address("AVA")).toBe(address);
  }
});

test.each([
  [29, 0x70, "READ", EOE.READI],
  [29, 0x70, "WRITE", EOE.WWSA],
] as const)(
  "case %i: LIODN %i, %s leaves as operation %i",
  (_number, liodn, operation, becomes) => {
    const hand = world();
    expect(hand.access(liodn, 0n, operation)).toBe(0n);
    expect(hand.pamu.lastOperation).toBe(becomes);
  },
);

test("case 30: 128 bytes over the end of a window are two lookups of 64", () => {
  const hand = world();
  const moved: string[] = [];
  const everywhere: RegisterPages = {
    has: () => true,
    read: () => undefined,
    write: (_requester, frame, offset, from) => {
      moved.push(`${from.length} at 0x${(frame * 4096 + offset).toString(16)}`);
    },
  };
  hand.system.guts.registers.write(0x500, A);
  const bus = new DmaBus({ hardware: hand.system, memory: hand.memory, registerPages: everywhere });
  const sent = bus.dmaWrite(0, 0x3f_ffc0n, new Uint8Array(128));
  expect(sent).toMatchObject({ moved: 128, faults: [] });
  expect(moved).toEqual(["64 at 0x2403fffc0", "64 at 0x240400000"]);
});

test("what fixture E says of its transactions goes along with them", () => {
  const hand = world();
  expect(hand.access(E, 0x2_8000_0010n, "WRITE")).toBe(0x1_0000_0010n);
  expect(hand.pamu.lastAttributes).toMatchObject({ cacheId: 1, snoopId: 0x12, coherent: true });
  expect(hand.access(E, 0x2_8000_0010n, "READ")).toBe("blocked");
  expect(hand.read("AVS1")).toBe(0x0050_0011);
  expect(hand.access(E, 0x2_9000_0010n, "EREAD0")).toBe(0x2_f000_0010n);
  expect(hand.pamu.lastAttributes).toMatchObject({ cacheId: 35, snoopId: 0x12 });
  expect(hand.pamu.lastOperation).toBe(EOE.RSA);
});
