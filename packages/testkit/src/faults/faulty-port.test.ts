import { expect, test } from "vitest";
import { EBUSY, EINTR, EIO, EMFILE, ENOMEM } from "../kernel/errno.ts";
import { P, RawClient } from "../kernel/testing/raw-client.ts";
import { simulatedHost } from "../machines/simulated-host.ts";
import { vtd } from "../machines/vtd.ts";
import { breaksChain, type ChainBreak } from "./broken-capability-chain.ts";
import { answers, fails, failsAfterwards, isDelayed, reads } from "./errno.ts";
import { faultyPort } from "./faulty-port.ts";
import type { FaultPlan } from "./plan.ts";
import { argszGrows, corrupts, unmapsShort } from "./written-back.ts";

const MAP = 0x3b71;
const UNMAP = 0x3b72;
const GET_INFO = 0x3b70;

/** E2 whose later calls follow the plan. */
function ready(plan: FaultPlan) {
  const host = simulatedHost(vtd());
  const { port, fired } = faultyPort(host.port, plan);
  const client = new RawClient(port);
  const container = client.openContainer();
  const group = client.openGroup(2);
  expect(client.setContainer(group, container)).toBe(0);
  expect(client.setIommu(container, 3)).toBe(0);
  const memory = client.memory(8);
  const map = (page: number) =>
    client.map(container, { vaddr: memory.address, iova: BigInt(page * P), size: P });
  return { host, client, container, memory, map, fired };
}

test("behavior: the nth matching call fails and was not made", () => {
  const when = { request: MAP, nth: 2, times: 2 };
  const { map, fired, host } = ready({ faults: [{ when, what: fails(ENOMEM) }] });
  expect([0, 1, 2, 3].map(map)).toEqual([0, -ENOMEM, -ENOMEM, 0]);
  expect(fired.map(({ name }) => name)).toEqual(new Array(2).fill("fails with ENOMEM"));
  expect(host.inspect.mappings()).toHaveLength(2);
});

test("behavior: a call may work and report failure", () => {
  const { map, host } = ready({
    faults: [{ when: { request: MAP }, what: failsAfterwards(EINTR) }],
  });
  expect(map(0)).toBe(-EINTR);
  expect(host.inspect.mappings()).toHaveLength(1);
});

test("behavior: a call may answer what no kernel answers", () => {
  const { map } = ready({ faults: [{ when: { request: MAP }, what: answers(7) }] });
  expect(map(0)).toBe(7);
});

test("behavior: paths and other calls", () => {
  const faults = [
    { when: { call: "open", path: "/dev/vfio/3" }, what: fails(EBUSY) },
    { when: { path: "/sys/kernel/*" }, what: fails(EIO) },
    { when: { call: "readText", path: "/proc/self/status" }, what: reads("nothing") },
    { when: { call: "mapMemory", nth: 2 }, what: fails(ENOMEM) },
    { when: { call: "eventFd" }, what: fails(EMFILE) },
    { when: { call: "unmapMemory" }, what: fails(EINTR) },
  ] as const;
  const { client, memory } = ready({ faults });
  expect(client.openGroup(3)).toBe(-EBUSY);
  expect(client.port.list("/sys/kernel/iommu_groups")).toBe(-EIO);
  expect(client.port.readText("/proc/self/status")).toBe("nothing");
  expect(client.port.mapMemory({ length: 1 })).toBe(-ENOMEM);
  expect(client.port.eventFd()).toBe(-EMFILE);
  expect([memory.close(), memory.close()]).toEqual([-EINTR, 0]);
});

test("behavior: the same seed draws the same calls", () => {
  const faults = [
    { when: { request: MAP, times: Number.POSITIVE_INFINITY, chance: 0.5 }, what: fails(EIO) },
  ];
  const draw = (seed: number) =>
    Array.from({ length: 30 }, (_, page) => page).map(ready({ faults, seed }).map);
  expect(draw(5)).toEqual(draw(5));
  expect(draw(5)).not.toEqual(draw(6));
  expect(new Set(draw(5))).toEqual(new Set([0, -EIO]));
});

test("behavior: an unmap is reported shorter than it was", () => {
  const { client, container, map, host } = ready({
    faults: [{ when: { request: UNMAP }, what: unmapsShort(BigInt(P)) }],
  });
  expect([map(0), map(1)]).toEqual([0, 0]);
  expect(client.unmap(container, 0n, 2 * P)).toEqual({ rc: 0, size: BigInt(P) });
  expect(host.inspect.mappings()).toEqual([]);
});

test("behavior: argsz grows between two asks", () => {
  const { client, container } = ready({
    faults: [{ when: { request: GET_INFO, nth: 2 }, what: argszGrows(16, 16) }],
  });
  const sizes = [120, 120, 120].map((size) => {
    const { view } = client.info(container, size);
    return [view.getUint32(0, true), view.getUint32(16, true)];
  });
  expect(sizes).toEqual([
    [120, 24],
    [136, 0],
    [120, 24],
  ]);
});

test.each([
  ["circular", 28, 24],
  ["backwards", 28, 4],
  ["out-of-bounds", 28, 264],
  ["misaligned", 28, 25],
  ["truncated", 16, 252],
] satisfies [ChainBreak, number, number][])("behavior: a %s chain", (how, at, expected) => {
  const { client, container } = ready({
    faults: [{ when: { request: GET_INFO }, what: breaksChain(how, 16) }],
  });
  expect(client.info(container, 256).view.getUint32(at, true)).toBe(expected);
});

test("behavior: any byte may be corrupt", () => {
  const what = corrupts("the page sizes", (view) => view.setUint8(8, 0xff));
  const { client, container } = ready({ faults: [{ when: { request: GET_INFO }, what }] });
  expect(client.info(container, 24).view.getUint8(8)).toBe(0xff);
});

test("behavior: a delayed call is made later, and others overtake it", async () => {
  const { client, container, map } = ready({
    faults: [{ when: { call: "ioctlAsync" }, what: isDelayed(5) }],
  });
  const late = client.port.ioctlAsync(container, UNMAP, unmapAll());
  expect(map(0)).toBe(0);
  expect(await late).toBe(0);
  expect(map(0)).toBe(0);
});

function unmapAll(): Uint8Array {
  const bytes = new Uint8Array(24);
  bytes.set([24, 0, 0, 0, 2]);
  return bytes;
}
