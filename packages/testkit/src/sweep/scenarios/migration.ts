// Scenarios of live migration and live update: dirty pages, and host addresses given anew.

import { bytes, type Container, hostPlus, iova } from "@iommukit/core";
import type { Scenario, Stage } from "../scenario.ts";

const PAGE = 4096;
const AT = iova(0x8_0000);
const RANGE = bytes(16 * PAGE);

export const MIGRATION_SCENARIOS: readonly Scenario[] = [
  { name: "dirty: start, query, stop", needs: "dirty-tracking", run: track },
  {
    name: "dirty: unmap with dirty pages, and close while tracking",
    needs: "dirty-tracking",
    run: unmapTracked,
  },
  { name: "dirty: a group comes and goes", needs: "dirty-tracking", run: groupComes },
  { name: "addresses: all invalid, all supplied", needs: "update-vaddr", run: supplyAll },
  {
    name: "addresses: one invalid, unmapped, a group joins",
    needs: "update-vaddr",
    run: unmapInvalid,
  },
  {
    name: "addresses: one invalid, unmapped with its dirty pages",
    needs: "dirty-tracking",
    run: unmapInvalidTracked,
  },
];

/** Two mappings, of three pages and of one. */
function mapped(stage: Stage): Container {
  const memory = stage.memory(4);
  const container = stage.open();
  container.dma.map(AT, memory.address, bytes(3 * PAGE), "read-write");
  const host = hostPlus(memory.address, 3 * PAGE);
  container.dma.map(iova(AT + 5n * 4096n), host, bytes(PAGE), "read-write");
  return container;
}

function track(stage: Stage): void {
  const { dirty, dma } = mapped(stage);
  dirty.start();
  dirty.query(AT, RANGE);
  dma.unmap(AT, bytes(3 * PAGE));
  dirty.query(AT, RANGE);
  dirty.stop();
}

function unmapTracked(stage: Stage): void {
  const { dirty } = mapped(stage);
  dirty.start();
  dirty.unmapWithDirty(AT, RANGE);
}

function groupComes(stage: Stage): void {
  const { dirty, control } = mapped(stage);
  dirty.start();
  control.attach(3);
  control.detach(3);
  dirty.query(AT, RANGE);
}

function supplyAll(stage: Stage): void {
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
}

function unmapInvalid(stage: Stage): void {
  const { addresses, dma, control } = mapped(stage);
  addresses.invalidate(AT, bytes(3 * PAGE));
  stage.refused("wrong-state", () => control.attach(3));
  dma.unmap(AT, bytes(3 * PAGE));
  control.attach(3);
}

function unmapInvalidTracked(stage: Stage): void {
  const { addresses, dirty, control } = mapped(stage);
  dirty.start();
  addresses.invalidate(AT, bytes(3 * PAGE));
  dirty.unmapWithDirty(AT, RANGE);
  control.attach(3);
}
