import { expect, test } from "vitest";
import { isIommuError } from "../errors/base.ts";
import { createElements } from "./elements.ts";
import {
  arrayOf,
  nested,
  pointer,
  reserved,
  s32,
  struct,
  tail,
  u8,
  u16,
  u32,
  u64,
} from "./layout.ts";
import { abiProfile } from "./profile.ts";
import { createReader } from "./reader.ts";
import { createWriter } from "./writer.ts";

const x86 = abiProfile("x86_64", 4096);
const ppc64 = abiProfile("ppc64", 65536);
const ppc32 = abiProfile("ppc32", 4096);

const AREA = struct("area", 16, { offset: u64(0), size: u64(8) });
const SMALL = struct("small", 24, {
  argsz: u32(0),
  fd: s32(4),
  address: u64(8),
  data: pointer(16),
});
const LIST = struct("list", 8, { count: u32(0), gap: reserved(4, 4), areas: tail(8, AREA) });
const FDS = struct("fds", 4, { count: u32(0), fds: tail(4, "s32") });
const MIXED = struct("mixed", 32, {
  area: nested(0, AREA),
  words: arrayOf(16, "u16", 3),
  bus: u8(22),
  slot: u8(23),
  id: u16(24),
  gap: reserved(26, 6),
});

const invalid = expect.toSatisfy((error) => isIommuError(error, "invalid-argument"));

test("default: little and big endian bytes of one struct", () => {
  const bytesFor = (abi: typeof x86) => {
    const { set, bytes } = createWriter(SMALL, abi);
    set.argsz(0x18);
    set.fd(-2);
    set.address(0x0102_0304_0506_0708n);
    set.data(0x1122_3344n);
    return Buffer.from(bytes).toString("hex");
  };
  expect(bytesFor(x86)).toBe("18000000feffffff08070605040302014433221100000000");
  expect(bytesFor(ppc64)).toBe("00000018fffffffe01020304050607080000000011223344");
});

test("behavior: a 32-bit pointer is the first four bytes of its slot", () => {
  const { set, get, bytes } = createWriter(SMALL, ppc32);
  set.data(0x1122_3344n);
  expect(Buffer.from(bytes.subarray(16)).toString("hex")).toBe("1122334400000000");
  expect(get.data()).toBe(0x1122_3344n);
  expect(() => set.data(1n << 32n)).toThrow(invalid);
});

test("behavior: one buffer for all calls, cleared on request", () => {
  const writer = createWriter(SMALL, x86);
  const { bytes } = writer;
  writer.set.address(1n);
  writer.set.address(2n);
  expect(writer.bytes).toBe(bytes);
  expect(writer.get.address()).toBe(2n);
  writer.clear();
  expect(bytes).toEqual(new Uint8Array(24));
});

test("behavior: what the kernel wrote into the buffer is read back", () => {
  const { bytes, get } = createWriter(SMALL, x86);
  bytes.fill(0xff);
  expect([get.argsz(), get.fd(), get.address()]).toEqual([0xffff_ffff, -1, 2n ** 64n - 1n]);
});

test("behavior: a tail of structs and a tail of scalars, each with its bounds", () => {
  const list = createWriter(LIST, ppc64, { tailBytes: 33 });
  list.set.areas(1).size(0x1000n);
  expect(list.get.areas(1).size()).toBe(0x1000n);
  expect(Buffer.from(list.tail.subarray(24, 32)).toString("hex")).toBe("0000000000001000");
  expect(() => list.set.areas(2)).toThrow("areas[2] does not exist: there are 2");
  const fds = createWriter(FDS, x86, { tailBytes: 8 });
  fds.set.fds(0, 5);
  fds.set.fds(1, -1);
  expect(createReader(FDS, x86, fds.bytes).read()).toEqual({ count: 0, fds: [5, -1] });
  for (const index of [2, -1, 0.5, Number.NaN])
    expect(() => fds.set.fds(index, 0)).toThrow(invalid);
});

test("behavior: nested structs, arrays and small scalars; gaps have no name", () => {
  const { set, bytes } = createWriter(MIXED, ppc64);
  set.area.offset(7n);
  set.words(2, 0xbeef);
  set.bus(3);
  set.slot(0xff);
  set.id(0x0102);
  expect(Object.keys(set)).toEqual(["area", "words", "bus", "slot", "id"]);
  expect(createReader(MIXED, ppc64, bytes).read()).toEqual({
    area: { offset: 7n, size: 0n },
    words: [0, 0, 0xbeef],
    bus: 3,
    slot: 255,
    id: 0x0102,
  });
  expect(() => set.words(3, 0)).toThrow("words[3] does not exist");
});

test("behavior: a payload of another layout over the tail, and raw elements over it", () => {
  const outer = createWriter(
    struct("head", 20, { a: arrayOf(0, "u32", 5), data: tail(20, "u8") }),
    x86,
    {
      tailBytes: 16,
    },
  );
  createWriter(AREA, x86, { bytes: outer.tail }).set.size(0x0102n);
  expect([...outer.bytes.subarray(28, 30)]).toEqual([2, 1]);
  const fds = createElements("s32", x86, outer.tail);
  fds.set(3, -1);
  expect([fds.length, fds.get(2), fds.get(3)]).toEqual([4, 0x0102, -1]);
  expect(() => fds.get(4)).toThrow("s32[4] does not exist: there are 4");
  expect(createElements(AREA, x86, outer.tail).get(0).size()).toBe(0xffff_ffff_0000_0102n);
});

test.each(["argsz", "fd"] as const)(
  "error: %s refuses what does not fit, and writes nothing",
  (field) => {
    const { set, bytes } = createWriter(SMALL, x86);
    const [min, max] = field === "fd" ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
    for (const value of [min - 1, max + 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => set[field](value)).toThrow(invalid);
    expect(bytes).toEqual(new Uint8Array(24));
    set[field](min);
    set[field](max);
  },
);

test("error: a u64 refuses a negative, a too large and a number that is no bigint", () => {
  for (const abi of [x86, ppc64]) {
    const { set, get } = createWriter(SMALL, abi);
    const fromOutside: unknown = 5;
    for (const value of [-1n, 1n << 64n, fromOutside as bigint])
      expect(() => set.address(value)).toThrow("small.address takes a u64");
    expect(get.address()).toBe(0n);
    set.address(2n ** 64n - 1n);
  }
});

test("error: fewer bytes than the struct are refused, whoever gives them", () => {
  const bytes = new Uint8Array(23);
  expect(() => createWriter(SMALL, x86, { bytes })).toThrow("23 bytes do not hold a small");
  expect(() => createReader(SMALL, x86, bytes)).toThrow(invalid);
});
