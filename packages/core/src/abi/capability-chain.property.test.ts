// A kernel may answer anything: the walk ends, and throws nothing but `kernel-misbehaved`.

import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { isIommuError } from "../errors/base.ts";
import { capabilities, MAX_CAPABILITIES } from "./capability-chain.ts";
import { ARCHES, abiProfile } from "./profile.ts";

/** Bytes in which offsets are often plausible, so that walks go on for a while. */
const info = fc.oneof(
  fc.uint8Array({ maxLength: 512 }),
  fc
    .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 160 }), fc.nat(0xffff_ffff)), {
      maxLength: 128,
    })
    .map((words) => new Uint8Array(new Uint32Array(words).buffer)),
);
const offset = fc.oneof(fc.integer({ min: 0, max: 160 }), fc.nat(0xffff_ffff));

test.prop([fc.constantFrom(...ARCHES), info, offset, fc.integer({ min: 0, max: 32 })])(
  "rule: every answer is a chain inside the bytes, or the kernel's fault",
  (arch, bytes, first, fixedBytes) => {
    const before = Uint8Array.from(bytes);
    try {
      const chain = capabilities(abiProfile(arch, 4096), {
        operation: "VFIO_TEST_INFO",
        info: bytes,
        first,
        fixedBytes,
      });
      expect(chain.length).toBeLessThanOrEqual(MAX_CAPABILITIES);
      let from = fixedBytes;
      for (const capability of chain) {
        expect(capability.offset).toBeGreaterThanOrEqual(from);
        from = capability.offset + 8;
        expect(capability.bytes.length).toBeGreaterThanOrEqual(8);
        expect(capability.bytes.byteOffset + capability.bytes.length).toBeLessThanOrEqual(
          bytes.byteOffset + bytes.length,
        );
      }
    } catch (error) {
      if (!isIommuError(error, "kernel-misbehaved")) throw error;
    }
    expect(bytes).toEqual(before);
  },
);

test.prop([
  fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 20 }),
  fc.constantFrom(...ARCHES),
])("rule: every chain that a kernel can build is read back whole", (bodies, arch) => {
  const abi = abiProfile(arch, 4096);
  const little = abi.byteOrder === "little";
  const fixedBytes = 24;
  const starts = [fixedBytes];
  for (const body of bodies) starts.push((starts.at(-1) ?? 0) + 8 + body);
  const bytes = new Uint8Array(starts.at(-1) ?? fixedBytes);
  const view = new DataView(bytes.buffer);
  for (const [i] of bodies.entries()) {
    const at = starts[i] ?? 0;
    view.setUint16(at, i, little);
    view.setUint32(at + 4, i === bodies.length - 1 ? 0 : (starts[i + 1] ?? 0), little);
  }
  const first = bodies.length === 0 ? 0 : fixedBytes;
  const chain = capabilities(abi, { operation: "T", info: bytes, first, fixedBytes });
  expect(chain.map(({ id }) => id)).toEqual([...bodies.keys()]);
  expect(chain.map((capability) => capability.bytes.length - 8)).toEqual(bodies);
});
