// The whole proof of a backend in about ten lines: registers every conformance case with vitest.
//
// A case that does not apply is named with its reason and counted; there is no silent skip.

import type { IommuBackend } from "@iommukit/core";
import { describe, expect, test } from "vitest";
import type { Machine } from "../machines/machine.ts";
import { type HostOptions, simulatedHost } from "../machines/simulated-host.ts";
import { CONFORMANCE_CASES, notClaimed, runCase } from "./index.ts";

export interface BackendUnderTest {
  readonly backend: () => IommuBackend;
  /** A fresh machine for each case. */
  readonly machine: () => Machine;
  /** What else the machine's kernel is told, for example an IOMMU type of its own. */
  readonly host?: HostOptions;
  /** Bytes of the huge pages that memory is made of, where windows need it contiguous. */
  readonly hugePage?: number;
  /** Case names that cannot hold for this backend, each with the reason. */
  readonly notApplicable?: Readonly<Record<string, string>>;
}

/** Runs the conformance suite over a backend on a simulated machine. */
export function describeBackend(name: string, under: BackendUnderTest): void {
  const excluded = under.notApplicable ?? {};
  describe(`${name}: conformance`, () => {
    test("every exclusion names a case and a reason", () => {
      const names = new Set(CONFORMANCE_CASES.map((each) => each.name));
      for (const [caseName, reason] of Object.entries(excluded)) {
        expect(names).toContain(caseName);
        expect(reason).not.toBe("");
      }
    });
    for (const each of CONFORMANCE_CASES) {
      if (Object.hasOwn(excluded, each.name)) continue;
      const unclaimed = notClaimed(
        each,
        simulatedHost(under.machine(), under.host),
        under.backend(),
      );
      if (unclaimed !== undefined) {
        test(`${each.name} (not claimed: ${unclaimed})`, () => {
          expect(each.claims).toBeDefined();
        });
        continue;
      }
      test(each.name, async () => {
        const host = simulatedHost(under.machine(), under.host);
        const before = host.inspect.openDescriptors().length;
        const { port, devices } = host;
        const pages = under.hugePage === undefined ? {} : { hugePage: under.hugePage };
        await runCase(each, { port, devices, ...pages }, under.backend());
        expect(host.inspect.openDescriptors().length).toBe(before);
        expect(host.inspect.pinnedPages()).toBe(0);
        expect(host.inspect.lockedBytes()).toBe(0);
        expect(host.inspect.strayAccesses()).toEqual([]);
      });
    }
  });
}
