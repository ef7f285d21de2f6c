import { expect, test } from "vitest";
import { P, RawClient } from "../kernel/testing/raw-client.ts";
import { simulatedHost } from "../machines/simulated-host.ts";
import { vtd } from "../machines/vtd.ts";
import { recordingPort } from "./recorder.ts";

function record() {
  const host = simulatedHost(vtd());
  const recording = recordingPort(host.port);
  const client = new RawClient(recording.port);
  const container = client.openContainer();
  const group = client.openGroup(2);
  client.setContainer(group, container);
  client.setIommu(container, 3);
  const device = client.deviceFd(group, "0000:00:02.0");
  return { host, recording, client, container, group, device };
}

test("behavior: one number is named by the kind of file", () => {
  const { recording, client, container, device } = record();
  client.ioctl(container, 12, 0);
  client.ioctl(device, 12, 0);
  expect(recording.records.map(({ title }) => title)).toEqual([
    "open",
    "open",
    "VFIO_GROUP_SET_CONTAINER",
    "VFIO_SET_IOMMU",
    "VFIO_GROUP_GET_DEVICE_FD",
    "VFIO_IOMMU_GET_INFO",
    "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO",
  ]);
});

test("behavior: the conversation as text, with errnos by name and what was written back", () => {
  const { recording, client, container, device } = record();
  client.unmap(container, 0n, P);
  client.ioctl(container, 12, 0);
  client.port.close(device);
  client.port.list("/dev/vfio");
  client.port.readLink("/sys/bus/pci/devices/0000:00:02.0/iommu_group");
  expect(recording.render(5).split("\n")).toEqual([
    `1. VFIO_IOMMU_UNMAP_DMA(fd 3, 180000000000000000000000000000000010000000000000) = 0 → 18${"00".repeat(23)}`,
    "2. VFIO_IOMMU_GET_INFO(fd 3, 0) = -EFAULT",
    "3. close(fd 5) = 0",
    "4. list(/dev/vfio) = [2, 3, 4, vfio]",
    '5. readLink(/sys/bus/pci/devices/0000:00:02.0/iommu_group) = "../../../kernel/iommu_groups/2"',
  ]);
});

test("behavior: a recorded port behaves as the port does", async () => {
  const { recording, client, container, host } = record();
  const memory = client.memory(1);
  expect(client.map(container, { vaddr: memory.address, iova: 0n, size: P })).toBe(0);
  expect(await client.port.ioctlAsync(container, 0x3b64, 0)).toBe(0);
  expect(recording.records.at(-1)?.title).toBe("VFIO_GET_API_VERSION");
  expect(host.inspect.mappings()).toHaveLength(1);
  memory.close();
  expect([memory.bytes.length, recording.records.at(-1)?.title]).toEqual([0, "unmapMemory"]);
});
