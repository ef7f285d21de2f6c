// Scenarios of what only a PAMU has: apertures, MSI banks, a stash target, resuming.

import { bytes, type Container, hostPlus, iova, KiB } from "@iommukit/core";
import { applyPlan, PAMU, planWindows } from "@iommukit/fsl-pamu";
import type { Scenario, Stage } from "@iommukit/testkit/sweep";

const PAGE = 4096;

export const PAMU_SCENARIOS: readonly Scenario[] = [
  { name: "PAMU: another aperture", run: anotherAperture },
  { name: "PAMU: the same aperture again", run: sameAperture },
  { name: "PAMU: MSI banks come and go", run: banks },
  { name: "PAMU: MSI banks are left to close()", run: banksLeft },
  { name: "PAMU: a plan is applied", run: plan },
  { name: "PAMU: a stash target", run: stash },
  { name: "PAMU: devices are resumed", run: resume },
  { name: "PAMU: a group joins beside MSI banks", run: joins },
];

/** Gives the container an aperture of so many windows of 4 KiB. */
function reshape(container: Container, windows: number, start = 0): void {
  const [present] = container.windows.list();
  if (present !== undefined) container.windows.remove(present);
  container.windows.create({ start: iova(start), size: bytes(windows * PAGE), pageSize: PAGE });
}

function anotherAperture(stage: Stage): void {
  const memory = stage.memory(1);
  const container = stage.open();
  reshape(container, 16, 16 * PAGE);
  container.dma.map(iova(17 * PAGE), memory.address, bytes(PAGE), "read");
  stage.refused("memory-in-use", () => reshape(container, 4));
  container.dma.unmap(iova(17 * PAGE), bytes(PAGE));
}

function sameAperture(stage: Stage): void {
  const container = stage.open();
  reshape(container, 256);
  reshape(container, 256);
}

function banks(stage: Stage): void {
  const memory = stage.memory(1);
  const container = stage.open();
  const pamu = container.extension(PAMU);
  for (let bank = 0; bank < pamu.msiBanks; bank++) pamu.mapMsiBank(bank, iova(bank * PAGE));
  stage.refused("already-mapped", () =>
    container.dma.map(iova(PAGE), memory.address, bytes(PAGE), "read"),
  );
  pamu.unmapMsiBank(1);
  container.dma.map(iova(PAGE), memory.address, bytes(PAGE), "read");
}

function banksLeft(stage: Stage): void {
  const container = stage.open();
  const pamu = container.extension(PAMU);
  pamu.mapMsiBank(2, iova(PAGE));
  pamu.mapMsiBank(0, iova(3 * PAGE));
}

function plan(stage: Stage): void {
  const container = stage.open();
  const planned = planWindows({
    ram: [{ start: iova(0), size: bytes(512 * KiB) }],
    contiguity: bytes(PAGE),
    msiBanks: 3,
  });
  if (planned.kind === "refused") throw new Error(planned.reason);
  applyPlan(container, planned);
}

function stash(stage: Stage): void {
  const pamu = stage.open().extension(PAMU);
  pamu.setStash({ cpu: 1, cache: "L1" });
  stage.refused("invalid-argument", () => pamu.setStash({ cpu: 99, cache: "L2" }));
}

function resume(stage: Stage): void {
  const memory = stage.memory(3);
  const container = stage.open();
  const pamu = container.extension(PAMU);
  pamu.resume();
  for (const page of [0, 2])
    container.dma.map(
      iova(8 * KiB * page),
      hostPlus(memory.address, page * PAGE),
      bytes(PAGE),
      "read",
    );
  pamu.resume();
}

function joins(stage: Stage): void {
  const memory = stage.memory(2);
  const container = stage.open();
  container.extension(PAMU).mapMsiBank(0, iova(0));
  container.dma.map(iova(PAGE), memory.address, bytes(2 * PAGE), "read-write");
  container.control.attach(3);
  container.control.detach(2);
}
