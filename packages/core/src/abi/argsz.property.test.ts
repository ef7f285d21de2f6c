// Whatever sizes a kernel answers, the calls end, the buffer stays below its limit, the error is ours.

import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { isIommuError } from "../errors/base.ts";
import { askWithArgsz, MAX_ARGSZ, MAX_ARGSZ_ROUNDS } from "./argsz.ts";
import { ARCHES, abiProfile } from "./profile.ts";

const size = fc.oneof(fc.integer({ min: 0, max: 256 }), fc.nat(0xffff_ffff));
const errno = fc.integer({ min: -133, max: 0 });
const answer = fc.record({ argsz: size, result: fc.oneof(fc.constant(0), errno) });

test.prop([fc.constantFrom(...ARCHES), fc.array(answer, { minLength: 1, maxLength: 12 })])(
  "rule: bounded calls, bounded bytes, and nothing but kernel-misbehaved",
  (arch, answers) => {
    const abi = abiProfile(arch, 4096);
    let calls = 0;
    const call = (bytes: Uint8Array): number => {
      const { argsz, result } = answers[calls % answers.length] ?? { argsz: 0, result: 0 };
      calls += 1;
      expect(bytes.length).toBeLessThanOrEqual(MAX_ARGSZ);
      if (result === 0) new DataView(bytes.buffer).setUint32(0, argsz, abi.byteOrder === "little");
      return result;
    };
    try {
      const { bytes } = askWithArgsz(abi, { operation: "VFIO_TEST_INFO", bytes: 24, call });
      expect(bytes.length).toBeGreaterThanOrEqual(24);
    } catch (error) {
      if (!isIommuError(error, "kernel-misbehaved")) throw error;
    }
    expect(calls).toBeLessThanOrEqual(MAX_ARGSZ_ROUNDS);
  },
);
