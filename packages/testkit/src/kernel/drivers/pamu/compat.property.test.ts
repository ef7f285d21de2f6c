// What the vendor's driver answers to anything, and how its idea of an address differs from the hardware's.

import fc from "fast-check";
import { expect, test } from "vitest";
import { SimulatedCrash } from "../../simulated-crash.ts";
import { MIB } from "../../testing/pamu-client.ts";
import { dividedPamu, LIODN, openedPamu, type PamuReady } from "../../testing/pamu-ready.ts";

const COMPAT = { mode: "sdk-compat" } as const;
const address = fc.oneof(
  fc.nat(0x4000_0000),
  fc.constantFrom(0, 0x1000, 0x2fff_ffff, 0x3fff_ffff, 2 ** 36 - 1, 2 ** 40, 2 ** 53 - 1),
);
const small = fc.oneof(fc.nat(5), fc.constantFrom(16, 255, 256, 257, 0x1_0000, 0xffff_ffff));

type Call = (ready: PamuReady) => number;

const call: fc.Arbitrary<Call> = fc.oneof(
  fc.tuple(address, address).map(
    ([start, end]): Call =>
      ({ client, container }) =>
        client.setGeometry(container, start, end),
  ),
  small.map(
    (count): Call =>
      ({ client, container }) =>
        client.setWindows(container, count),
  ),
  fc.tuple(small, small).map(
    ([cpu, cache]): Call =>
      ({ client, container }) =>
        client.setStash(container, cpu, cache),
  ),
  small.map(
    (attribute): Call =>
      ({ client, container }) =>
        client.setAttribute(container, Math.max(3, attribute)),
  ),
  small.map(
    (attribute): Call =>
      ({ client, container }) =>
        client.getAttribute(container, attribute).rc,
  ),
  fc.tuple(small, address, small).map(
    ([bank, iova, flags]): Call =>
      ({ client, container }) =>
        client.mapMsi(container, bank, iova, flags),
  ),
  address.map(
    (iova): Call =>
      ({ client, container }) =>
        client.unmapMsi(container, iova),
  ),
);

test("rule P11: attribute and MSI calls answer 0, whatever they are asked", () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 30 }), (calls) => {
      const ready = openedPamu(COMPAT);
      try {
        for (const each of calls) expect(each(ready)).toBe(0);
      } catch (error) {
        // A division by zero has no answer at all.
        if (!(error instanceof SimulatedCrash)) throw error;
      }
    }),
    { numRuns: 150 },
  );
});

test("rule P16: where one window shrank the aperture, software aliases and hardware stops", () => {
  fc.assert(
    fc.property(fc.integer({ min: 12, max: 28 }), fc.nat(0x3fff_ffff), (log2, iova) => {
      const ready = dividedPamu(COMPAT, { windows: 1 });
      const [domain] = ready.driver.domains;
      const size = 2 ** log2;
      const pa = 0x2_0000_0000;
      const prot = { read: true, write: true };
      expect(domain?.enableWindow(0, { pa, size, prot })).toBe(0);
      expect(domain?.setEnabled(true)).toBe(0);
      expect(domain?.iovaToPhys(iova)).toBe(pa + (iova % size));
      const frame = Math.floor(iova / 4096);
      const physical = ready.hardware.translateFrame(0x10, frame, "read", iova % 4096);
      expect(physical).toBe(iova < size ? pa / 4096 + frame : -1);
      expect(ready.driver.tables.isValid(LIODN)).toBe(iova < size);
    }),
    { numRuns: 100 },
  );
});

test("rule P16: and an unaligned translated base loses its low bits in hardware only", () => {
  const ready = dividedPamu(COMPAT);
  const [domain] = ready.driver.domains;
  const prot = { read: true, write: true };
  const pa = 0x2_0010_0000;
  expect(domain?.enableWindow(0, { pa, size: 4 * MIB, prot })).toBe(0);
  domain?.setEnabled(true);
  expect(domain?.iovaToPhys(0x1000)).toBe(pa + 0x1000);
  expect(ready.hardware.translateFrame(0x10, 1, "read", 0)).toBe(0x2_0000_1000 / 4096);
  expect(ready.hardware.takeDiagnostics()).toHaveLength(1);
});
