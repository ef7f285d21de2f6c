// Scenarios of life: containers, groups, negotiation, memory and registrations.

import { bytes, hostPlus, type IommuBackend, iova } from "@iommukit/core";
import type { Scenario, Stage } from "../scenario.ts";

const PAGE = 4096;
const HUGE = 2 * 1024 * 1024;

export const LIFE_SCENARIOS: readonly Scenario[] = [
  { name: "open and close", run: openAndClose },
  { name: "open with three groups", run: threeGroups },
  { name: "a group joins and leaves", run: joinAndLeave },
  { name: "the last group leaves and comes back", run: lastLeaves },
  { name: "two containers", run: twoContainers },
  { name: "the second backend is the one that fits", run: fallback },
  { name: "no backend fits", run: nothingFits },
  { name: "look at groups", run: lookAtGroups },
  { name: "register memory", run: registrations },
  { name: "allocate small and huge memory", run: allocations },
  { name: "close with everything open", run: everythingOpen },
];

function openAndClose(stage: Stage): void {
  const container = stage.open();
  container.readMappingsAvailable();
  container.close();
  container.close();
}

function threeGroups(stage: Stage): void {
  const memory = stage.memory(1);
  const { dma } = stage.open([2, 3, 4]);
  dma.map(iova(0), memory.address, bytes(PAGE), "read-write");
}

function joinAndLeave(stage: Stage): void {
  const memory = stage.memory(1);
  const container = stage.open();
  container.dma.map(iova(0), memory.address, bytes(PAGE), "read-write");
  container.control.attach(3);
  container.control.detach(2);
  container.control.attach(2);
  container.control.detach(3);
}

function lastLeaves(stage: Stage): void {
  const memory = stage.memory(1);
  const container = stage.open();
  container.dma.map(iova(0), memory.address, bytes(PAGE), "read-write");
  container.control.detach(2);
  container.control.attach(3);
  stage.announce(container, memory);
  container.dma.map(iova(0), memory.address, bytes(PAGE), "read-write");
}

function twoContainers(stage: Stage): void {
  const memory = stage.memory(2);
  const one = stage.open([2]);
  const other = stage.open([3]);
  one.dma.map(iova(0), memory.address, bytes(PAGE), "read-write");
  other.dma.map(iova(0), hostPlus(memory.address, PAGE), bytes(PAGE), "read-write");
  one.close();
  stage.refused("group-busy", () => stage.open([3]));
}

/** The stage's backend, with one capability more. */
function named(stage: Stage, name: string, offers: boolean): IommuBackend {
  const backend = stage.backend();
  return {
    name,
    probe: (context) => backend.probe(context),
    open(context) {
      const session = backend.open(context);
      const told = offers
        ? ({ offered: true } as const)
        : ({ offered: false, reason: "it is the first" } as const);
      return Object.create(session, {
        capabilities: { get: () => ({ ...session.capabilities, "sweep-wish": told }) },
      });
    },
  };
}

function fallback(stage: Stage): void {
  const memory = stage.memory(1);
  const backends = [named(stage, "first", false), named(stage, "second", true)];
  const require = { capabilities: ["sweep-wish"] };
  const container = stage.open([2, 3], { backends, require });
  container.dma.map(iova(0), memory.address, bytes(PAGE), "read");
}

function nothingFits(stage: Stage): void {
  const require = { windowSize: 1n << 63n, pageSize: 4096 };
  const backends = [stage.backend(), named(stage, "second", false)];
  stage.refused("no-backend", () =>
    stage.open([2], { backends, require: { ...require, capabilities: ["sweep-wish"] } }),
  );
}

function lookAtGroups(stage: Stage): void {
  stage.iommu.readGroups();
  stage.iommu.groupOf("0000:00:04.1");
  stage.refused("device-not-found", () => stage.iommu.groupOf("0000:00:1f.7"));
  stage.refused("group-not-found", () => stage.open([77]));
}

function registrations(stage: Stage): void {
  const memory = stage.foreign(4);
  const container = stage.open();
  const first = container.memory.register(memory.address, bytes(2 * PAGE));
  container.memory.register(hostPlus(memory.address, 2 * PAGE), bytes(PAGE));
  container.dma.map(iova(0), memory.address, bytes(2 * PAGE), "read");
  stage.refused("memory-in-use", () => first.close());
  container.dma.unmap(iova(0), bytes(2 * PAGE));
  first.close();
}

function allocations(stage: Stage): void {
  const small = stage.memory(3);
  const huge = stage.memory(512, { pageSize: HUGE });
  const { dma } = stage.open();
  dma.map(iova(HUGE), huge.address, bytes(HUGE), "read-write");
  stage.refused("memory-in-use", () => huge.close());
  dma.unmap(iova(HUGE), bytes(HUGE));
  stage.free(huge);
  stage.free(small);
}

function everythingOpen(stage: Stage): void {
  const memory = stage.foreign(3);
  const container = stage.open([2, 3]);
  container.memory.register(memory.address, bytes(PAGE));
  for (const page of [0, 1, 2])
    container.dma.map(iova(page * PAGE), memory.address, bytes(PAGE), "read");
  stage.device(container);
  stage.device(container, "0000:00:03.0");
  container.close();
}
