import { expect, test } from "vitest";
import { deviceReads, K, M, SpaprClient, W1 } from "../kernel/testing/spapr-client.ts";
import { pseries } from "./pseries.ts";
import { simulatedHost } from "./simulated-host.ts";

const DEVICE = "0000:00:02.0";
const HUGE = 0x20_0000;

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
