// Messages of devices on POWER: through the bridge's port, or the hypervisor's window, to an eventfd.

import { expect, test } from "vitest";
import { words } from "../kernel/testing/raw-client.ts";
import { SpaprClient } from "../kernel/testing/spapr-client.ts";
import { powernv, powernv64k } from "./powernv.ts";
import { pseries } from "./pseries.ts";
import { simulatedHost } from "./simulated-host.ts";

const SET_IRQS = 10;
const GET_DEVICE_FD = 6;
const EVENTFD_AND_TRIGGER = 0x24;
const MSI = 1;
const CONFIG = 7n << 40n;
const RAISE = 0x60n;

test.each([
  ["powernv", powernv],
  ["powernv-64k", powernv64k],
  ["pseries", pseries],
] as const)("%s: a message arrives, and an interrupt on the line too", async (_, machine) => {
  const { port } = simulatedHost(machine());
  const client = new SpaprClient(port);
  const container = port.open("/dev/vfio/vfio", "rw");
  const group = client.join(2, container);
  client.ioctl(container, 2, 7);
  const name = Uint8Array.from("0000:00:02.0\0", (character) => character.charCodeAt(0));
  const device = client.ioctl(group, GET_DEVICE_FD, name);
  port.writeAt(device, Uint8Array.of(6, 0), CONFIG + 4n);
  for (const index of [MSI, 0]) {
    const event = port.eventFd();
    const set = words(24, EVENTFD_AND_TRIGGER, index, 0, 1, event);
    expect(client.ioctl(device, SET_IRQS, set)).toBe(0);
    port.writeAt(device, Uint8Array.of(0, 0, 0, 1), RAISE); // big-endian, as QEMU has it on POWER
    expect(await port.waitEvent(event, 100)).toBe(1);
    port.writeAt(device, Uint8Array.of(0, 0, 0, 1), RAISE + 4n);
    expect(client.ioctl(device, SET_IRQS, words(20, 0x21, index, 0, 0))).toBe(0);
  }
});
