import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { isIommuError } from "../errors/base.ts";
import { io, ioctlNumber, ior, iow, iowr } from "./ioctl-number.ts";
import { abiProfile } from "./profile.ts";

const x86 = abiProfile("x86_64", 4096);
const power = abiProfile("ppc64le", 65536);

// Independent of vectors/: numbers of ioctls that other programs print, of all four directions.
const KNOWN = [
  { name: "VFIO_GET_API_VERSION", command: io(0x3b, 100), generic: 0x3b64, powerpc: 0x2000_3b64 },
  { name: "FIONREAD", command: ior(0x66, 127, 4), generic: 0x8004_667f, powerpc: 0x4004_667f },
  { name: "KVM_IRQFD", command: iow(0xae, 0x76, 32), generic: 0x4020_ae76, powerpc: 0x8020_ae76 },
  {
    name: "KVM_CREATE_DEVICE",
    command: iowr(0xae, 0xe0, 12),
    generic: 0xc00c_aee0,
    powerpc: 0xc00c_aee0,
  },
];

describe.each(KNOWN)("$name", ({ command, generic, powerpc }) => {
  test("generic and PowerPC numbers", () => {
    expect(ioctlNumber(x86, command)).toBe(generic);
    for (const arch of ["ppc64le", "ppc64", "ppc32"] as const)
      expect(ioctlNumber(abiProfile(arch, 4096), command)).toBe(powerpc);
  });
});

const byte = fc.integer({ min: 0, max: 255 });

test.prop([byte, byte, fc.integer({ min: 0, max: 8191 })])(
  "rule: number, type and size can be taken out of the number again, and it is unsigned",
  (type, number, size) => {
    for (const abi of [x86, power])
      for (const make of [ior, iow, iowr]) {
        const request = ioctlNumber(abi, make(type, number, size));
        expect(request & 0xff).toBe(number);
        expect((request >>> 8) & 0xff).toBe(type);
        expect((request >>> 16) & 0x1fff).toBe(size);
        expect(request).toBeGreaterThanOrEqual(0);
      }
  },
);

test("error: a size of 8192 bytes has a generic number and no PowerPC number", () => {
  expect(ioctlNumber(x86, iow(1, 1, 8192))).toBe(0x6000_0101);
  expect(() => ioctlNumber(power, iow(1, 1, 8192))).toThrow("8192 bytes has no ioctl number");
  expect(() => ioctlNumber(x86, iow(1, 1, 16384))).toThrow("16384 bytes has no ioctl number");
});

test.each([-1, 256, 1.5, Number.NaN])("error: %s is no type and no number", (value) => {
  for (const make of [() => io(value, 0), () => io(0, value)])
    expect(make).toThrow(expect.toSatisfy((error) => isIommuError(error, "invalid-argument")));
});

test.each([-1, 2 ** 32, 0.5])("error: %s is no argument size", (size) => {
  expect(() => ior(0, 0, size)).toThrow("argument size");
});
