// What the numbered cases do not say: freezes and their end, several groups and processes, what ends
// the run, memory that runs out, and both bridges.

import { describe, expect, test } from "vitest";
import { type PowernvMachineOptions, powernv } from "../../../machines/powernv.ts";
import { pseries } from "../../../machines/pseries.ts";
import { simulatedHost } from "../../../machines/simulated-host.ts";
import { SimulatedCrash } from "../../simulated-crash.ts";
import { deviceReads, K, M, SpaprClient, W1 } from "../../testing/spapr-client.ts";

const DEVICE = "0000:00:02.0";
const OTHER = "0000:00:03.0";
const GIB = 2 ** 30;

/** A container of version 2 with group 2, and 1 MiB registered. */
function ready(options: PowernvMachineOptions = {}, ...groups: readonly number[]) {
  const host = simulatedHost(powernv(options));
  const client = new SpaprClient(host.port);
  const container = client.ready(2, ...(groups.length === 0 ? [2] : groups));
  const memory = client.memory(M);
  memory.bytes.fill(3);
  expect(client.register(container, memory.address, M)).toBe(0);
  return { host, client, container, memory };
}

describe("EEH on a bridge that freezes", () => {
  const GET_STATE = 4;

  test("a bad DMA stops the PE: state 2, loads of ones, no DMA; then 4, then 0", () => {
    const { host, client, container, memory } = ready({ faultModel: "freeze" });
    const edu = host.kernel.drivers.devices[0]?.function;
    const load = (): number => {
      const word = new Uint8Array(4);
      edu?.readBar(0, 0, word);
      return new DataView(word.buffer).getUint32(0);
    };
    client.map(container, 3, memory.address, 0, K);
    expect([client.eeh(container, GET_STATE), load()]).toEqual([0, 0x0100_00ed]);
    expect(deviceReads(host, DEVICE, 0x5000)).toBe("blocked");
    expect([client.eeh(container, GET_STATE), load()]).toEqual([2, 0xffff_ffff]);
    expect(deviceReads(host, DEVICE, 0)).toBe("blocked");
    expect(client.eeh(container, 2)).toBe(0);
    expect([client.eeh(container, GET_STATE), load()]).toEqual([4, 0x0100_00ed]);
    expect(client.eeh(container, 3)).toBe(0);
    expect(client.eeh(container, GET_STATE)).toBe(0);
    expect(deviceReads(host, DEVICE, 0)).toBe("3 3 3 3 3 3 3 3");
    expect(host.inspect.faults()).toHaveLength(1);
  });

  test.each([
    ["hot", 6],
    ["fundamental", 7],
  ])("a %s reset freezes the PE until it is deactivated", (_, op) => {
    const { client, container } = ready({ faultModel: "freeze" });
    expect([client.eeh(container, op), client.eeh(container, GET_STATE)]).toEqual([0, 2]);
    expect([client.eeh(container, 5), client.eeh(container, GET_STATE)]).toEqual([0, 0]);
  });

  test("only the MMIO half stopped is unavailable; ENABLE thaws a frozen PE", () => {
    const { host, client, container } = ready({ faultModel: "freeze" });
    deviceReads(host, DEVICE, 0x5000);
    expect([client.eeh(container, 3), client.eeh(container, GET_STATE)]).toEqual([0, 5]);
    expect([client.eeh(container, 1), client.eeh(container, GET_STATE)]).toEqual([0, 0]);
  });

  test("injected errors freeze; what the bridge cannot do is EIO", () => {
    const { client, container } = ready({ faultModel: "freeze" });
    expect(client.eeh(container, 9, { type: 1, func: 0 })).toBe(-5);
    expect(client.eeh(container, 9, { type: 0, func: 4 })).toBe(0);
    expect(client.eeh(container, GET_STATE)).toBe(2);
  });

  test("of several groups the newest that is not well answers", () => {
    const { host, client, container } = ready({ faultModel: "freeze" }, 2, 3);
    deviceReads(host, DEVICE, 0x5000);
    expect(client.eeh(container, GET_STATE)).toBe(2);
    deviceReads(host, OTHER, 0x5000);
    client.eeh(container, 2);
    expect(client.eeh(container, GET_STATE)).toBe(4);
  });
});

describe("windows of several groups", () => {
  test("a new window belongs to all of them", () => {
    const { host, client, container, memory } = ready({}, 2, 3);
    expect(client.create(container, 12, GIB, 3)).toEqual({ rc: 0, start: W1 });
    expect(client.map(container, 3, memory.address, W1 + 0x3fff_f000n, K)).toBe(0);
    for (const device of [DEVICE, OTHER])
      expect(deviceReads(host, device, W1 + 0x3fff_f000n)).toBe("3 3 3 3 3 3 3 3");
    expect(client.remove(container, W1)).toBe(0);
    for (const device of [DEVICE, OTHER])
      expect(deviceReads(host, device, W1 + 0x3fff_f000n)).toBe("blocked");
  });

  test("the same page in two containers of a process reaches two devices", () => {
    const { host, client, container, memory } = ready();
    const second = client.ready(2, 3);
    expect(client.register(second, memory.address, M)).toBe(0);
    for (const each of [container, second]) client.map(each, 3, memory.address, 0, K);
    expect(deviceReads(host, OTHER, 0)).toBe("3 3 3 3 3 3 3 3");
    expect(client.lockedKilobytes()).toBe(1024 + 2 * 8192);
    expect(host.inspect.pinnedPages()).toBe(256);
  });
});

test("another process: refused once the first has acted, and its own container is its own", () => {
  const { host, client, container, memory } = ready();
  const child = host.newProcess({}, host.process);
  const other = new SpaprClient(child.port);
  expect(other.map(container, 3, memory.address, 0, K)).toBe(-1);
  expect(other.unmap(container, 0, K)).toBe(-1);
  const own = other.ready(2, 3);
  const theirs = other.memory(M);
  expect(other.register(own, theirs.address, M)).toBe(0);
  expect([client.lockedKilobytes(), other.lockedKilobytes()]).toEqual([1024, 1024]);
});

describe("what ends the run", () => {
  test.each([
    [
      "a map",
      (client: SpaprClient, container: number, at: bigint) =>
        client.map(container, 3, at, 0x7fff_f000, 2 * K),
    ],
    [
      "an unmap",
      (client: SpaprClient, container: number) => client.unmap(container, 0x7fff_f000, 2 * K),
    ],
  ])("error: %s that crosses the end of its window", (_, act) => {
    const { client, container, memory } = ready();
    expect(() => act(client, container, memory.address)).toThrow(SimulatedCrash);
  });

  test("error: a page shift that C cannot shift by", () => {
    const { client, container } = ready();
    expect(() => client.create(container, 64, GIB)).toThrow(SimulatedCrash);
  });
});

test("on-demand tables that cannot be had: ENOMEM, and the pages before are cleared", () => {
  const { host, client, container, memory } = ready({ spareTables: 3 });
  // Two levels of 2^9 entries: the default window is one table, so only this one needs more.
  expect(client.create(container, 12, GIB, 2).rc).toBe(0);
  const inTable = 512 * K;
  for (let table = 0; table < 3; table++)
    expect(client.map(container, 3, memory.address, W1 + BigInt(table * inTable), K)).toBe(0);
  const edge = W1 + BigInt(3 * inTable - 2 * K);
  expect(client.map(container, 3, memory.address, edge, 4 * K)).toBe(-12);
  expect(deviceReads(host, DEVICE, edge)).toBe("blocked");
  expect(deviceReads(host, DEVICE, W1)).toBe("3 3 3 3 3 3 3 3");
  expect(host.inspect.mappings()).toHaveLength(3);
});

test("PHB3 has pages of 16 MiB and 256 MiB, and none of 2 MiB", () => {
  const { client, container } = ready({ phb: "phb3" });
  client.remove(container, 0);
  expect(client.create(container, 21, GIB).rc).toBe(-22);
  expect(client.create(container, 24, GIB)).toEqual({ rc: 0, start: 0n });
  expect(client.create(container, 28, 2 ** 40)).toEqual({ rc: 0, start: W1 });
});

test("the qemu model wraps round; the report model does not", () => {
  for (const [faultModel, seen] of [
    ["qemu", "3 3 3 3 3 3 3 3"],
    ["report", "blocked"],
  ] as const) {
    const { host, client, container, memory } = ready({ faultModel });
    client.map(container, 3, memory.address, 0, K);
    expect(deviceReads(host, DEVICE, 0x8000_0000)).toBe(seen);
  }
});

test("an LPAR: a new container finds the default window that the one before had replaced", () => {
  const host = simulatedHost(pseries());
  const client = new SpaprClient(host.port);
  const memory = client.memory(M);
  memory.bytes.fill(4);
  const container = client.port.open("/dev/vfio/vfio", "rw");
  const group = client.join(2, container);
  client.ioctl(container, 2, 7);
  client.remove(container, 0);
  expect(client.create(container, 16, GIB)).toEqual({ rc: 0, start: W1 });
  expect(client.leave(group)).toBe(0);
  client.port.close(group);
  const next = client.ready(2, 2);
  expect(client.register(next, memory.address, M)).toBe(0);
  expect(client.map(next, 3, memory.address, 0, K)).toBe(0);
  expect(deviceReads(host, DEVICE, 0)).toBe("4 4 4 4 4 4 4 4");
});
