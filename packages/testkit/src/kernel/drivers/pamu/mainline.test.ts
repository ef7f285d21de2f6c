// Linux 6.12 on a QorIQ: no type for PAMU, and with Type1 built in by hand, no isolation.

import { expect, test } from "vitest";
import { pamu } from "../../../machines/pamu.ts";
import { type SimulatedHost, simulatedHost } from "../../../machines/simulated-host.ts";
import { PamuClient } from "../../testing/pamu-client.ts";
import { DEVICE, driverOf, GROUP, LIODN, primaryWords } from "../../testing/pamu-ready.ts";

const TYPE1_V2 = 3;

function attached(host: SimulatedHost): { client: PamuClient; container: number; group: number } {
  const client = new PamuClient(host.port);
  const container = client.openContainer();
  const group = client.openGroup(GROUP);
  expect(client.setContainer(group, container)).toBe(0);
  return { client, container, group };
}

/** Whether the device reaches a page of memory that nobody gave it, at its physical address. */
function reachesAll(host: SimulatedHost): boolean {
  const [run] = host.memory.allocate(1, "contiguous").runs;
  const address = BigInt(run?.firstFrame ?? 0) * 4096n;
  return host.dma(DEVICE).write(address, Uint8Array.of(1)).moved === 1;
}

test("section 2.2: a stock kernel has no type, and the device its boot-time window", () => {
  const host = simulatedHost(pamu({ mode: "mainline" }));
  const { client, container } = attached(host);
  for (const type of [1, 2, 3, 7, 1000]) expect(client.ioctl(container, 1, type)).toBe(0);
  for (const type of [3, 7]) expect(client.setIommu(container, type)).toBe(-19);
  expect(primaryWords(driverOf(host), LIODN)).toBe("0 000008D9 00000080 0 0 0 0 0");
  expect(reachesAll(host)).toBe(true);
  const tree = client.port.readText("/proc/device-tree/soc@fe000000/iommu@20000/compatible");
  expect(tree).toBe("fsl,pamu-v1.0\0fsl,pamu\0");
});

test("section 2.2: Type1 built in wants unsafe interrupts", () => {
  const host = simulatedHost(pamu({ mode: "mainline-type1" }));
  const { client, container } = attached(host);
  expect(client.ioctl(container, 1, TYPE1_V2)).toBe(1);
  expect(client.setIommu(container, TYPE1_V2)).toBe(-1);
});

test("section 2.2: and then gives everything, maps nothing, and blocks after detach", () => {
  const host = simulatedHost(pamu({ mode: "mainline-type1", unsafeInterrupts: "allowed" }));
  const { client, container, group } = attached(host);
  expect(client.setIommu(container, TYPE1_V2)).toBe(0);
  expect(primaryWords(driverOf(host), LIODN)).toBe("0 000008D9 00000080 00000004 0 0 0 0");
  expect(reachesAll(host)).toBe(true);
  const memory = client.memory(4096);
  expect(client.map(container, { vaddr: memory.address, iova: 0, size: 4096 })).toBe(-19);
  expect(client.unmap(container, 0, 4096)).toBe(0);
  expect(client.ioctl(container, 12, new Uint8Array(24))).toBe(-25);
  client.port.close(group);
  expect(driverOf(host).tables.isValid(LIODN)).toBe(false);
  expect(reachesAll(host)).toBe(false);
});
