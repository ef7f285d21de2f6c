// What a POWER kernel charges for tables of many shapes, beside what the planner computes.
// facts differ by target: page sizes, levels and the kernel's own page decide.
//
//     npx iommukit run integration/spapr-table-bytes.ts --on qemu/powernv9,qemu/powernv9-64k,qemu/pseries

import {
  bytes,
  type Container,
  createIommu,
  type KernelPort,
  readLockedMemory,
} from "@iommukit/core";
import type { Host } from "@iommukit/lab";
import { SPAPR, shapeWindow, spaprTce, type WindowOffer } from "@iommukit/spapr-tce";

/** log2 of the page, log2 of the window, levels. */
type Shape = readonly [number, number, number];

/** Those that a kernel was seen to make, one shape of every kind, and their neighbours. */
const SHAPES: readonly Shape[] = [
  ...across(12, [12, 13, 20, 21, 22, 24, 28, 30, 31, 32, 33], 1),
  ...across(12, [21, 22, 30, 31, 34, 36, 40], 2),
  ...across(12, [30, 36, 40, 45], 3),
  ...across(12, [40, 45, 48], 4),
  ...across(12, [36, 48], 5),
  ...across(16, [16, 17, 25, 26, 30, 32, 37], 1),
  ...across(16, [26, 36, 40, 50], 2),
  ...across(16, [44, 50], 3),
  ...across(21, [21, 30, 36, 42], 1),
  ...across(21, [36, 44], 2),
  ...across(24, [30, 36], 1),
  ...across(30, [30, 31, 40, 51], 1),
  ...across(30, [40, 54], 2),
];

export default function tableBytes(host: Host): void {
  const group = host.devices[0]?.group;
  if (group === undefined) throw new Error(`${host.target} has no device`);
  using container = createIommu(host.port).openContainer({
    groups: [group],
    backends: [spaprTce({ version: 2 })],
  });
  const [first] = container.windows.list();
  if (first !== undefined) container.windows.remove(first);
  const offer = container.extension(SPAPR).readOffer();
  const start = locked(host.port);
  let made = 0;
  let differing = 0;
  for (const shape of SHAPES) {
    const answer = charged(host.port, container, offer, shape);
    if (answer === undefined) continue;
    made++;
    if (answer.kernel !== answer.computed) differing++;
    host.log({ page: 2 ** shape[0], window: `2^${shape[1]}`, levels: shape[2], ...answer });
  }
  host.log({ shapes: made, differing, leaked: locked(host.port) - start });
  if (differing > 0 || locked(host.port) !== start)
    throw new Error(`${differing} shapes are charged otherwise than computed`);
}

interface Charge {
  readonly kernel: number;
  readonly computed: number;
  readonly stillCharged: number;
}

/** Undefined where the shape is not offered: it is not sent. */
function charged(
  port: KernelPort,
  { windows }: Container,
  offer: WindowOffer,
  [page, window, levels]: Shape,
): Charge | undefined {
  const pageSize = 2 ** page;
  const size = bytes(1n << BigInt(window));
  const { window: shape } = shapeWindow(offer, { pageSize, size, levels });
  if (shape === undefined) return undefined;
  const before = locked(port);
  const created = windows.create({ pageSize, size, levels });
  const kernel = locked(port) - before;
  windows.remove(created);
  return { kernel, computed: Number(shape.tableBytes), stillCharged: locked(port) - before };
}

function across(page: number, windows: readonly number[], levels: number): readonly Shape[] {
  return windows.map((window) => [page, window, levels]);
}

function locked(port: KernelPort): number {
  return readLockedMemory(port).locked ?? 0;
}
