// type1.md 7.2 and 2.2, by case number: GET_INFO byte by byte.

import { expect, test } from "vitest";
import { EFAULT, EINVAL } from "../../errno.ts";
import { P } from "../../testing/raw-client.ts";
import { enabled } from "../../testing/ready.ts";

/** Head, migration, available and two ranges. */
const NEEDED = 120;

test("case 34: argsz 15 is EINVAL", () => {
  const { client, container } = enabled();
  expect(client.info(container, 15, 32).rc).toBe(-EINVAL);
});

test("case 35: argsz 16 writes 16 bytes and says CAPS without an offset", () => {
  const { client, container } = enabled();
  const { rc, view } = client.info(container, 16, 32);
  expect(rc).toBe(0);
  expect(view.getUint32(4, true)).toBe(3);
  expect(view.getBigUint64(8, true)).toBe(0x40201000n);
  expect([view.getBigUint64(16, true), view.getUint32(0, true)]).toEqual([
    0xeeee_eeee_eeee_eeeen,
    NEEDED,
  ]);
});

test.each([
  [18, 16, 18],
  [20, 16, 20],
  [23, 16, 23],
])("section 0.6: argsz %i writes exactly that many bytes", (argsz, _from, end) => {
  const { client, container } = enabled();
  const { view } = client.info(container, argsz, 32);
  const bytes = new Uint8Array(view.buffer);
  expect(bytes.subarray(16, Math.min(end, 20))).toEqual(new Uint8Array(Math.min(end, 20) - 16));
  expect(bytes.subarray(end)).toEqual(new Uint8Array(32 - end).fill(0xee));
});

test.each([24, 88, 119])("case 37: argsz %i is raised to what is needed", (argsz) => {
  const { client, container } = enabled();
  const { rc, view } = client.info(container, argsz, 256);
  expect([rc, view.getUint32(0, true), view.getUint32(16, true)]).toEqual([0, NEEDED, 0]);
  expect(view.getUint8(24)).toBe(0xee);
});

test.each([NEEDED, 4000])("case 38: argsz %i gets the chain 2, 3, 1", (argsz) => {
  const { client, container } = enabled();
  const { rc, view } = client.info(container, argsz, 4096);
  expect([rc, view.getUint32(0, true), view.getUint32(16, true)]).toEqual([0, argsz, 24]);
  const header = (at: number) => [
    view.getUint16(at, true),
    view.getUint16(at + 2, true),
    view.getUint32(at + 4, true),
  ];
  expect([24, 56, 72].map(header)).toEqual([
    [2, 1, 56],
    [3, 1, 72],
    [1, 1, 0],
  ]);
  expect([view.getBigUint64(40, true), view.getBigUint64(48, true)]).toEqual([4096n, 0x10000000n]);
  expect(view.getUint32(64, true)).toBe(65535);
  expect([view.getUint32(80, true), view.getUint32(84, true)]).toEqual([2, 0]);
  expect([88, 96, 104, 112].map((at) => view.getBigUint64(at, true))).toEqual([
    0n,
    0xfedfffffn,
    0xfef00000n,
    0x7f_ffff_ffffn,
  ]);
  expect(view.getUint8(NEEDED)).toBe(0xee);
});

test("case 39: a buffer of 16 bytes serves argsz 16 and faults with 24", () => {
  const { client, container } = enabled();
  expect(client.info(container, 16, 16).rc).toBe(0);
  expect(client.info(container, 24, 16).rc).toBe(-EFAULT);
  expect(client.ioctl(container, 12, 0)).toBe(-EFAULT);
  expect(client.ioctl(container, 12, new Uint8Array(15))).toBe(-EFAULT);
});

test("section 2.2: a buffer in user memory is filled like an array", () => {
  const { client, container } = enabled();
  const memory = client.memory(1);
  new DataView(memory.bytes.buffer, memory.bytes.byteOffset).setUint32(0, NEEDED, true);
  expect(client.ioctl(container, 12, Number(memory.address))).toBe(0);
  expect([...memory.bytes.subarray(24, 26)]).toEqual([2, 0]);
  expect(client.ioctl(container, 12, Number(memory.address) + P - 8)).toBe(-EFAULT);
});

test("section 3.1: a 48-bit IOMMU has a wider range", () => {
  const { client, container } = enabled(3, {}, { vtd: { addressWidth: 48 } });
  const { view } = client.info(container, 256);
  expect(view.getBigUint64(112, true)).toBe(0xffff_ffff_ffffn);
});

test("section 3.1: reserved regions are cut out of the ranges, relaxable ones are not", () => {
  const extraRegions = new Map([
    [
      0x10,
      [
        { first: 0x100, last: 0x1ff, type: "reserved" as const },
        { first: 0x300, last: 0x3ff, type: "direct-relaxable" as const },
      ],
    ],
  ]);
  const { client, container } = enabled(3, {}, { extraRegions });
  const { view } = client.info(container, 256);
  expect(view.getUint32(80, true)).toBe(3);
  expect([88, 96, 104].map((at) => view.getBigUint64(at, true))).toEqual([0n, 0xfffffn, 0x200000n]);
});
