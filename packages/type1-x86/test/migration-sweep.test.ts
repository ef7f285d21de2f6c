// Dirty tracking and address updates under the fault sweep: every call of them goes wrong in every way.

import { bytes, type Container, hostPlus, iova } from "@iommukit/core";
import { amdvi, vtd } from "@iommukit/testkit";
import { type Scenario, type Stage, sweep } from "@iommukit/testkit/sweep";
import { type1 } from "@iommukit/type1-x86";
import { describe, expect, test } from "vitest";

const PAGE = 4096;
const AT = iova(0x10_0000);
const RANGE = bytes(16 * PAGE);

/** Two mappings, of three pages and of one. */
function mapped(stage: Stage, groups: readonly number[] = [2]): Container {
  const memory = stage.memory(4);
  const container = stage.open(groups);
  container.dma.map(AT, memory.address, bytes(3 * PAGE), "read-write");
  const host = hostPlus(memory.address, 3 * PAGE);
  container.dma.map(iova(AT + 5n * 4096n), host, bytes(PAGE), "read-write");
  return container;
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: "dirty: start, query, stop",
    run(stage) {
      const { dirty, dma } = mapped(stage);
      dirty.start();
      dirty.query(AT, RANGE);
      dma.unmap(AT, bytes(3 * PAGE));
      dirty.query(AT, RANGE);
      dirty.stop();
    },
  },
  {
    name: "dirty: unmap with dirty pages, and close while tracking",
    run(stage) {
      const { dirty } = mapped(stage);
      dirty.start();
      dirty.unmapWithDirty(AT, RANGE);
    },
  },
  {
    name: "dirty: a group comes and goes",
    run(stage) {
      const container = mapped(stage);
      container.dirty.start();
      container.control.attach(3);
      container.control.detach(3);
      container.dirty.query(AT, RANGE);
    },
  },
  {
    name: "addresses: all invalid, all supplied",
    run(stage) {
      const { addresses, dma } = mapped(stage);
      const next = stage.memory(4);
      addresses.invalidateAll();
      addresses.supply(
        dma.mappings().map(({ iova: where, size }, page) => ({
          iova: where,
          size,
          host: hostPlus(next.address, page * 3 * PAGE),
        })),
      );
    },
  },
  {
    name: "addresses: one invalid, unmapped with its dirty pages, a group joins",
    run(stage) {
      const container = mapped(stage);
      container.dirty.start();
      container.addresses.invalidate(AT, bytes(3 * PAGE));
      container.dirty.unmapWithDirty(AT, RANGE);
      container.control.attach(3);
    },
  },
];

describe.each([
  ["sim/vtd", () => vtd()],
  ["sim/amdvi", () => amdvi()],
] as const)("fault sweep of migration on %s", (name, machine) => {
  test("typed errors, ledger and kernel agree, nothing left", async () => {
    const report = await sweep({ machine, backend: type1, scenarios: SCENARIOS });
    const { covered, sites, runs } = report;
    process.stdout.write(`migration sweep on ${name}: ${covered} / ${sites} sites, ${runs} runs\n`);
    expect(report.findings).toEqual([]);
    expect(covered).toBe(sites);
  }, 120_000);
});
