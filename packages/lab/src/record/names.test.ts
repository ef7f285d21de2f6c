import { simulatedHost, vtd } from "@iommukit/testkit";
import { expect, test } from "vitest";
import { Names } from "./names.ts";

const DEVICES = [
  { address: "0000:00:10.0", group: 2, kind: "edu" },
  { address: "0000:00:11.0", group: 21, kind: "edu" },
];

test.each([
  ["/dev/vfio/2", "/dev/vfio/{group0}"],
  ["/dev/vfio/21", "/dev/vfio/{group1}"],
  ["/dev/vfio/212", "/dev/vfio/212"],
  ["/dev/vfio/vfio", "/dev/vfio/vfio"],
  [
    "/sys/kernel/iommu_groups/21/devices/0000:00:11.0/driver",
    "/sys/kernel/iommu_groups/{group1}/devices/{device1}/driver",
  ],
])("default: %s is %s, and back", (real, name) => {
  const names = new Names(DEVICES);
  expect(names.hidden(real)).toBe(name);
  expect(names.shown(name)).toBe(real);
});

test("behavior: descriptors are named in their order, and closed ones are numbers", () => {
  const names = new Names([]);
  expect([names.addFd(20, "container"), names.addFd(21, "device")]).toEqual(["f0", "f1"]);
  expect([names.fdName(21), names.fdOf("f1"), names.kindOf("f1")]).toEqual(["f1", 21, "device"]);
  names.dropFd("f1");
  expect([names.fdName(21), names.fdOf("f1"), names.kindOf("f1")]).toEqual(["21", -1, "other"]);
  expect([names.fdOf("-1"), names.fdOf("9999")]).toEqual([-1, 9999]);
});

test("behavior: addresses are named by the memory that they lie in", () => {
  const { port } = simulatedHost(vtd());
  const memory = port.mapMemory({ length: 4096 });
  if (typeof memory === "number") throw new Error("no memory");
  const names = new Names([]);
  expect(names.addMemory(memory, 4096)).toBe("m0");
  expect(names.addressName(memory.address + 16n)).toBe("m0+0x10");
  expect(names.addressOf("m0+0x10")).toBe(memory.address + 16n);
  const end = memory.address + 4096n;
  expect(names.addressOf(names.addressName(end))).toBe(end);
  memory.bytes.set([1, 2], 8);
  expect(names.bytesAt("m0+0x8", 2)).toEqual(Uint8Array.of(1, 2));
  expect(names.bytesAt("0x1000", 2)).toBeUndefined();
  names.dropMemory("m0");
  expect(names.memoryOf("m0")).toBeUndefined();
});
