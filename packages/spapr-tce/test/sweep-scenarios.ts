// Scenarios of what only sPAPR v2 has: windows that are created, and EEH.

import { bytes, iova } from "@iommukit/core";
import { EEH } from "@iommukit/spapr-tce";
import type { Scenario, Stage } from "@iommukit/testkit/sweep";

const PAGE = 4096;
const GIB = 2 ** 30;

export const SPAPR_SCENARIOS: readonly Scenario[] = [
  { name: "replace the default window", run: replaceDefault },
  { name: "a second window", run: secondWindow },
  { name: "windows that cannot be", run: impossibleWindows },
  { name: "memory of two containers", run: sharedMemory },
  {
    name: "too little to lock",
    run: tooLittle,
    host: {
      process: { uid: 1000, capabilities: [], lockedMemoryLimit: 256 * 1024 },
      groupMode: 0o666,
    },
  },
  { name: "reset a PE", run: peReset },
];

function replaceDefault(stage: Stage): void {
  const memory = stage.memory(2);
  const { windows, dma } = stage.open();
  const [first] = windows.list();
  if (first !== undefined) windows.remove(first);
  const window = windows.create({ pageSize: PAGE, size: bytes(GIB) });
  const at = iova(window.last + 1n - BigInt(PAGE));
  dma.map(at, memory.address, bytes(PAGE), "read-write");
  stage.refused("memory-in-use", () => windows.remove(window));
  dma.unmap(at, bytes(PAGE));
  windows.remove(window);
}

function secondWindow(stage: Stage): void {
  const memory = stage.memory(1);
  const { windows, dma } = stage.open();
  const window = windows.create({ pageSize: PAGE, size: bytes(4 * GIB) });
  dma.map(window.start, memory.address, bytes(PAGE), "read");
  dma.map(iova(0), memory.address, bytes(PAGE), "read");
  stage.refused("no-iova-space", () => windows.create({ pageSize: PAGE, size: bytes(GIB) }));
}

function impossibleWindows(stage: Stage): void {
  const { windows } = stage.open();
  stage.refused("not-offered", () => windows.create({ pageSize: 8192, size: bytes(GIB) }));
  stage.refused("invalid-argument", () => windows.create({ pageSize: PAGE, size: bytes(3 * GIB) }));
}

function sharedMemory(stage: Stage): void {
  const memory = stage.foreign(16);
  const one = stage.open([2]);
  const other = stage.open([3]);
  const mine = one.memory.register(memory.address, memory.size);
  other.memory.register(memory.address, memory.size);
  other.dma.map(iova(0), memory.address, bytes(PAGE), "read");
  mine.close();
}

/** A registration over the limit, the default window's table over it, and a small one below it. */
function tooLittle(stage: Stage): void {
  const large = stage.foreign(128);
  const small = stage.foreign(16);
  const { memory, windows, dma } = stage.open();
  stage.refused("locked-memory-limit", () => memory.register(large.address, large.size));
  memory.register(small.address, small.size);
  const map = (): void => dma.map(iova(0), small.address, bytes(PAGE), "read");
  stage.refused("locked-memory-limit", map);
  const [first] = windows.list();
  if (first !== undefined) windows.remove(first);
  stage.refused("locked-memory-limit", () => windows.create({ pageSize: PAGE, size: bytes(GIB) }));
  windows.create({ pageSize: PAGE, size: bytes(16 * PAGE) });
  map();
}

function peReset(stage: Stage): void {
  const container = stage.open();
  if (container.capabilities["eeh"]?.offered !== true) return;
  const eeh = container.extension(EEH);
  eeh.startReset("hot");
  eeh.endReset();
}
