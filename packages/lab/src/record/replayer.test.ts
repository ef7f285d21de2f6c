import type { KernelPort } from "@iommukit/core";
import { simulatedHost, vtd } from "@iommukit/testkit";
import { describe, expect, test } from "vitest";
import type { RecordedCall } from "./format.ts";
import { createRecorder } from "./recorder.ts";
import { replay } from "./replayer.ts";

const PAGE = 4096;
const VFIO = 0x3b64;
const CONFIG = 7n << 40n;

function words(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer);
}

function mapArgument(vaddr: bigint, iova: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes.set(words(32, 3));
  bytes.set(new Uint8Array(new BigUint64Array([vaddr, iova, BigInt(PAGE)]).buffer), 8);
  return bytes;
}

/** A little of everything that a port can be asked. */
async function converse(port: KernelPort, group: number, device: string): Promise<void> {
  const container = port.open("/dev/vfio/vfio", "rw");
  const groupFd = port.open(`/dev/vfio/${group}`, "rw");
  port.ioctl(groupFd, VFIO + 4, words(container));
  port.ioctl(container, VFIO + 2, 3);
  const memory = port.mapMemory({ length: PAGE, protection: "read-write" });
  if (typeof memory === "number") throw new Error("no memory");
  port.ioctl(container, VFIO + 13, mapArgument(memory.address, 0x1000n));
  await port.ioctlAsync(container, VFIO + 13, mapArgument(0x1000n, 0x5000n));
  const deviceFd = port.ioctl(groupFd, VFIO + 6, Buffer.from(`${device}\0`));
  port.readAt(deviceFd, new Uint8Array(4), CONFIG);
  port.writeAt(deviceFd, words(6), CONFIG + 4n);
  const event = port.eventFd();
  port.ioctl(deviceFd, VFIO + 10, words(24, 4 | 0x20, 1, 0, 1, event));
  await port.waitEvent(event, 0);
  port.ioctl(container, 0x1234, words(1, 2));
  port.readText("/proc/self/status");
  port.readLink(`/sys/bus/pci/devices/${device}/iommu_group`);
  port.list(`/sys/kernel/iommu_groups/${group}/devices`);
  port.writeText("/sys/module/vfio_iommu_type1/parameters/dma_entry_limit", "65535");
  port.close(999);
  for (const fd of [deviceFd, event, groupFd, container]) port.close(fd);
  memory.close();
}

async function recorded(): Promise<readonly RecordedCall[]> {
  const { port, devices } = simulatedHost(vtd());
  const recorder = createRecorder(port, devices);
  await converse(recorder.port, 2, "0000:00:02.0");
  return recorder.calls;
}

function replayedOn(port: KernelPort, calls: readonly RecordedCall[]) {
  const { devices } = simulatedHost(vtd());
  return replay({ port, devices, calls, pause: () => undefined });
}

test("default: a machine answers as itself", async () => {
  const calls = await recorded();
  const host = simulatedHost(vtd({ seed: 99 }));
  expect(await replayedOn(host.port, calls)).toEqual([]);
  expect(host.inspect.openDescriptors()).toEqual([]);
  expect(host.inspect.lockedBytes()).toBe(0);
});

describe("recording", () => {
  test("behavior: what another run has otherwise has a name", async () => {
    const calls = await recorded();
    const text = JSON.stringify(calls);
    for (const own of ["0000:00:02.0", "/dev/vfio/2", "iommu_groups/2"])
      expect(text).not.toContain(own);
    expect(calls).toEqual(
      expect.arrayContaining([
        { call: "VFIO_GROUP_SET_CONTAINER", fd: "f1", in: { container: "f0" }, result: 0 },
        expect.objectContaining({ call: "VFIO_IOMMU_MAP_DMA", result: 0 }),
        expect.objectContaining({ in: { name: "{device0}" }, result: "f2" }),
        { call: "ioctl", fd: "f0", request: 0x1234, in: { rest: "0100000002+3" }, result: -25 },
        { call: "readText", path: "/proc/self/status", value: "VmLck 4 kB", result: "text" },
        { call: "close", fd: "999", result: -9 },
        { call: "unmapMemory", value: "m0", result: 0 },
      ]),
    );
    const mapped = calls.filter(({ call }) => call === "VFIO_IOMMU_MAP_DMA");
    expect(mapped.map((call) => call.in?.["vaddr"])).toEqual(["m0+0x0", "0x1000"]);
  });

  test("behavior: a register that is read until it changes is one call", () => {
    const answers = [1, 1, 0];
    const { port, devices } = simulatedHost(vtd());
    const recorder = createRecorder(
      {
        ...port,
        readAt: (_fd, into) => {
          into[0] = answers.shift() ?? 0;
          return 1;
        },
      },
      devices,
    );
    for (let reads = 0; reads < 3; reads++) recorder.port.readAt(5, new Uint8Array(1), 0x98n);
    expect(recorder.calls).toEqual([
      { call: "read", fd: "5", offset: "0x98", length: 1, data: "00", polled: true, result: 1 },
    ]);
  });
});

describe("a kernel that answers otherwise", () => {
  test.each<[string, (port: KernelPort) => Partial<KernelPort>]>([
    ["an errno", (port) => ({ ioctl: (...call) => (port.ioctl(...call) === -25 ? -22 : 0) })],
    ["no descriptor", () => ({ eventFd: () => -24 })],
    ["other bytes", () => ({ readAt: (_fd, into) => into.fill(7).length })],
    ["another amount of locked memory", () => ({ readText: () => "VmLck:\t 8 kB\n" })],
    ["no memory", () => ({ mapMemory: () => -12 })],
  ])("%s is a mismatch", async (_, change) => {
    const { port } = simulatedHost(vtd());
    const mismatches = await replayedOn({ ...port, ...change(port) }, await recorded());
    expect(mismatches.length).toBeGreaterThan(0);
    const [first] = mismatches;
    expect(first?.replayed).not.toEqual(first?.recorded);
  });

  test("behavior: a register that answers late has its time", async () => {
    const { port } = simulatedHost(vtd());
    const late = { reads: 0 };
    const slow: KernelPort = {
      ...port,
      readAt: (fd, into, offset) => {
        late.reads += 1;
        return late.reads < 5 ? into.fill(0).length : port.readAt(fd, into, offset);
      },
    };
    expect(await replayedOn(slow, await recorded())).toEqual([]);
    expect(late.reads).toBe(5);
  });
});
