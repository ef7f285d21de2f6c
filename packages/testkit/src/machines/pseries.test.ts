import { describe, expect, test } from "vitest";
import { deviceReads, K, M, SpaprClient, W1 } from "../kernel/testing/spapr-client.ts";
import { pseries } from "./pseries.ts";
import { simulatedHost } from "./simulated-host.ts";

const DEVICE = "0000:00:02.0";
const HUGE = 0x20_0000;
const ENXIO = -6;

test("section 7: the default window, and a dynamic one of huge pages at bit 59", () => {
  const host = simulatedHost(pseries());
  const client = new SpaprClient(host.port);
  const container = client.ready(2, 2);
  const { view } = client.info(container);
  expect([view.getUint32(12, true), view.getBigUint64(16, true)]).toEqual([
    0x4000_0000,
    0x1211000n,
  ]);
  const small = client.memory(M);
  small.bytes.fill(5);
  expect(client.register(container, small.address, M)).toBe(0);
  const before = client.lockedKilobytes();
  expect(client.map(container, 3, small.address, 0, K)).toBe(0);
  expect(client.lockedKilobytes() - before).toBe(2048);
  expect(deviceReads(host, DEVICE, 0)).toBe("5 5 5 5 5 5 5 5");
  expect(client.create(container, 21, 1n << 36n)).toEqual({ rc: 0, start: W1 });
  const huge = client.memory(HUGE, { pageSize: HUGE });
  huge.bytes.set([8, 7, 6, 5, 4, 3, 2, 1], HUGE - 8);
  expect(client.register(container, huge.address, HUGE)).toBe(0);
  const far = W1 + (1n << 36n) - BigInt(HUGE);
  expect(client.map(container, 3, huge.address, far, HUGE)).toBe(0);
  expect(deviceReads(host, DEVICE, W1 + (1n << 36n) - 8n)).toBe("8 7 6 5 4 3 2 1");
  expect(client.map(container, 3, small.address, W1, HUGE)).toBe(-22);
});

describe("defaultWindowSize", () => {
  const SIZES = [
    ["default", undefined, 1024 * M],
    ["64 MiB, as the differential run has it", 64 * M, 64 * M],
    ["the smallest, one page", K, K],
    ["the largest", 2048 * M, 2048 * M],
  ] as const;

  test.each(SIZES)("%s: what the kernel tells, maps and charges", (_, option, size) => {
    const host = simulatedHost(pseries(option === undefined ? {} : { defaultWindowSize: option }));
    const client = new SpaprClient(host.port);
    const container = client.ready(2, 2);
    const { view } = client.info(container);
    expect([view.getUint32(8, true), view.getUint32(12, true)]).toEqual([0, size]);
    const memory = client.memory(K);
    memory.bytes.fill(7);
    expect(client.register(container, memory.address, K)).toBe(0);
    const before = client.lockedKilobytes();
    expect(client.map(container, 3, memory.address, size - K, K)).toBe(0);
    // 8 bytes for each 4 KiB page, the addresses that the kernel keeps, in whole pages.
    expect(client.lockedKilobytes() - before).toBe(Math.floor(size / 512 / K) * 4);
    expect(client.map(container, 3, memory.address, size, K)).toBe(ENXIO);
    expect(deviceReads(host, DEVICE, size - 8)).toBe("7 7 7 7 7 7 7 7");
    expect(deviceReads(host, DEVICE, size)).toBe("blocked");
  });

  test.each(SIZES)("%s: the first version charges all of it", (_, option, size) => {
    const host = simulatedHost(pseries(option === undefined ? {} : { defaultWindowSize: option }));
    const client = new SpaprClient(host.port);
    const container = client.ready(1, 2);
    const before = client.lockedKilobytes();
    expect(client.enable(container)).toBe(0);
    expect(client.lockedKilobytes() - before).toBe(size / 1024);
  });

  test("a window of 4 KiB pages is the default one up to its size, and dynamic beyond", () => {
    const host = simulatedHost(pseries({ defaultWindowSize: 64 * M }));
    const client = new SpaprClient(host.port);
    const container = client.ready(2, 2);
    expect(client.remove(container, 0)).toBe(0);
    expect(client.create(container, 12, 64 * M)).toEqual({ rc: 0, start: 0n });
    expect(client.remove(container, 0)).toBe(0);
    expect(client.create(container, 12, 128 * M)).toEqual({ rc: 0, start: W1 });
  });

  test.each([0, 1, K / 2, K + 1, 3 * M, 4096 * M, -K, Number.NaN, Number.POSITIVE_INFINITY])(
    "error: %s bytes",
    (defaultWindowSize) => {
      expect(() => pseries({ defaultWindowSize })).toThrow(RangeError);
    },
  );
});
