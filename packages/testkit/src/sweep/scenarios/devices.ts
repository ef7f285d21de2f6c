// Scenarios of devices: regions, transfers, resets.

import { bytes, iova } from "@iommukit/core";
import { openEdu } from "../../drivers/edu-driver.ts";
import type { Scenario, Stage } from "../scenario.ts";

const PAGE = 4096;

export const DEVICE_SCENARIOS: readonly Scenario[] = [
  { name: "open a device and read its regions", run: regions },
  { name: "a device reads and writes memory", run: transfers },
  { name: "devices of two groups", run: twoDevices },
  { name: "a group with an open device stays", run: busyGroup },
  { name: "reset a device", run: reset },
];

function regions(stage: Stage): void {
  const device = stage.device(stage.open());
  for (let index = 0; index < 8; index++) device.region(index);
  const word = new Uint8Array(4);
  device.readRegion(7, 0, word);
  device.writeRegion(7, 0x3c, word.subarray(0, 1));
  device.close();
}

function transfers(stage: Stage): void {
  const memory = stage.memory(2);
  const container = stage.open();
  container.dma.map(iova(0), memory.address, bytes(2 * PAGE), "read-write");
  const device = stage.device(container);
  const edu = openEdu(device);
  edu.copy(iova(0), iova(PAGE), 16);
  device.close();
}

function twoDevices(stage: Stage): void {
  const container = stage.open([2, 4]);
  const one = stage.device(container);
  const other = stage.device(container, "0000:00:04.1");
  one.close();
  stage.refused("device-not-found", () => stage.device(container, "0000:00:03.0"));
  other.close();
}

function busyGroup(stage: Stage): void {
  const container = stage.open([2, 3]);
  const device = stage.device(container);
  stage.refused("group-busy", () => container.control.detach(2));
  device.close();
  container.control.detach(2);
}

function reset(stage: Stage): void {
  const device = stage.device(stage.open());
  if (device.resettable) device.reset();
  else stage.refused("not-offered", () => device.reset());
  device.close();
}
