// type1.md 7.6 and 2.8, by case number: dirty tracking, to the stale bit.

import { describe, expect, test } from "vitest";
import { EACCES, EEXIST, EFAULT, EINVAL } from "../../errno.ts";
import { P } from "../../testing/raw-client.ts";
import { enabled } from "../../testing/ready.ts";

const START = 1;
const STOP = 2;

/** E2 with mappings, a page for the bitmap, and tracking on. */
function ready(mappings: readonly (readonly [number, number])[] = [[0, 4]]) {
  const made = enabled();
  const [memory, bitmap] = [made.client.memory(256), made.client.memory(1)];
  for (const [page, pages] of mappings) {
    const request = { vaddr: memory.address, iova: BigInt(page * P), size: pages * P };
    expect(made.client.map(made.container, request)).toBe(0);
  }
  expect(made.client.dirty(made.container, START)).toBe(0);
  const view = new DataView(bitmap.bytes.buffer, bitmap.bytes.byteOffset);
  const word = (index: number) => view.getBigUint64(8 * index, true);
  const get = (pages: number, change: object = {}) =>
    made.client.getDirty(made.container, {
      iova: 0n,
      size: pages * P,
      data: bitmap.address,
      ...change,
    });
  return { ...made, memory, bitmap, word, get };
}

test("section 2.8 step 1: version 1 is EACCES, even with a bad pointer", () => {
  const { client, container } = enabled(1);
  expect(client.ioctl(container, 17, 0)).toBe(-EACCES);
});

test.each([
  [0, 8],
  [3, 8],
  [8, 8],
  [START, 7],
])("case 94: flags %i with argsz %i is EINVAL", (flags, argsz) => {
  const { client, container } = enabled();
  expect(client.dirty(container, flags, argsz)).toBe(-EINVAL);
});

test("case 96: GET while off is EINVAL; START and STOP may be repeated", () => {
  const { client, container, get } = ready();
  expect(client.dirty(container, START)).toBe(0);
  expect(client.dirty(container, STOP)).toBe(0);
  expect(client.dirty(container, STOP)).toBe(0);
  expect(get(4)).toBe(-EINVAL);
});

test("case 97 and 98: every mapped page is dirty, on every GET", () => {
  const { get, word } = ready();
  expect(get(4, { bytes: 1 })).toBe(-EINVAL);
  expect([get(4), word(0)]).toEqual([0, 0xfn]);
  expect([get(4), word(0)]).toEqual([0, 0xfn]);
});

describe("the report algorithm", () => {
  test("section 2.8: a second GET shows the stale bits above a mapping", () => {
    const { get, word } = ready([
      [0, 3],
      [5, 2],
    ]);
    expect([get(64), word(0)]).toEqual([0, 0x67n]);
    expect([get(64), word(0)]).toEqual([0, 0xce7n]);
  });

  test("case 102: words that no mapping touches keep the user's bits, the first word too", () => {
    const { bitmap, get, word } = ready([[16, 4]]);
    bitmap.bytes.fill(0xaa);
    expect(get(128, { bytes: 16 })).toBe(0);
    expect([word(0), word(1)]).toEqual([0xaaaaaaaaaaafaaaan | 0xf0000n, 0xaaaaaaaaaaaaaaaan]);
  });

  test("section 2.8: a mapping that starts on a word boundary overwrites whole words", () => {
    const { bitmap, get, word } = ready([[64, 3]]);
    bitmap.bytes.fill(0xff);
    expect(get(128, { bytes: 16 })).toBe(0);
    expect([word(0), word(1)]).toEqual([0xffff_ffff_ffff_ffffn, 0x7n]);
  });

  test("section 2.8: a GET that faults leaves its shift behind", () => {
    const { get, word } = ready([[1, 4]]);
    expect(get(8, { data: 0x10000n })).toBe(-EFAULT);
    expect([get(4, { iova: 0x1000n }), word(0)]).toEqual([0, 0x1fn]);
  });

  test("section 2.8: a long mapping crosses words", () => {
    const { get, word } = ready([[60, 70]]);
    expect(get(192, { bytes: 24 })).toBe(0);
    expect([word(0), word(1), word(2)]).toEqual([0xfn << 60n, 0xffff_ffff_ffff_ffffn, 0x3n]);
  });
});

describe("the request", () => {
  test.each([
    ["case 105: a bitmap above 256 MiB", { bytes: 0x10000001n }],
    ["case 106: kernel space", { data: 0xffff_8000_0000_0000n }],
    ["argsz 47", { argsz: 47 }],
    ["page size 8192", { pageSize: 8192 }],
    ["page size 0", { pageSize: 0 }],
    ["bitmap of 0 bytes", { bytes: 0 }],
    ["iova misaligned", { iova: 1n }],
    ["size misaligned", { size: P + 1 }],
    ["size 0", { size: 0 }],
    ["a range to 2^64", { iova: 0x1000n, size: 0xffff_ffff_ffff_f000n, bytes: 0x10000000n }],
    ["an end inside a mapping", { size: 2 * P }],
    ["a start inside a mapping", { iova: 0x1000n, size: 3 * P }],
  ])("%s is EINVAL", (_name, change) => {
    const { bitmap, get } = ready();
    expect(get(4, change)).toBe(-EINVAL);
    expect(bitmap.bytes[0]).toBe(0);
  });

  test("case 106: an unmapped bitmap is EFAULT", () => {
    expect(ready().get(4, { data: 0x10000n })).toBe(-EFAULT);
  });

  test("a short buffer is EFAULT", () => {
    const { client, container } = ready();
    const short = new Uint8Array(47);
    new DataView(short.buffer).setUint32(0, 48, true);
    new DataView(short.buffer).setUint32(4, 4, true);
    expect(client.ioctl(container, 17, short)).toBe(-EFAULT);
  });
});

describe("unmap with the bitmap", () => {
  test("case 107: too small, another page size, then the bit", () => {
    const { bitmap, client, container, word } = ready([[0, 1]]);
    const request = { iova: 0n, size: P, data: bitmap.address };
    const refused = { rc: -EINVAL, size: BigInt(P) };
    expect(client.unmapDirty(container, { ...request, argsz: 47 })).toEqual(refused);
    expect(client.unmapDirty(container, { ...request, pageSize: 8192 })).toEqual(refused);
    expect(client.unmapDirty(container, request)).toEqual({ rc: 0, size: BigInt(P) });
    expect(word(0)).toBe(1n);
  });

  test("case 108: an unmapped bitmap is EFAULT and nothing is unmapped", () => {
    const { client, container, memory } = ready([[0, 1]]);
    const request = { iova: 0n, size: P, data: 0x10000n };
    expect(client.unmapDirty(container, request).rc).toBe(-EFAULT);
    expect(client.map(container, { vaddr: memory.address, iova: 0n, size: P })).toBe(-EEXIST);
  });

  test("case 109: with tracking off it is EINVAL", () => {
    const { bitmap, client, container } = ready([[0, 1]]);
    expect(client.dirty(container, STOP)).toBe(0);
    const request = { iova: 0n, size: P, data: bitmap.address };
    expect(client.unmapDirty(container, request).rc).toBe(-EINVAL);
  });
});
