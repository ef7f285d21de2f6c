// type1.md 7.7 and section 5, by case number: what an edu device behind vfio-pci answers.

import { describe, expect, test } from "vitest";
import { EBADF, EBUSY, EFAULT, EINVAL, EIO, ENODEV, ENOTTY, ERANGE, ETIMEDOUT } from "./errno.ts";
import { type RawClient, words } from "./testing/raw-client.ts";
import { DEVICE, enabled } from "./testing/ready.ts";

const CONFIG = 7n << 40n;
const COMMAND = CONFIG + 4n;
const NONE = 1;
const BOOL = 2;
const EVENTFD = 4;
const MASK = 8;
const UNMASK = 0x10;
const TRIGGER = 0x20;

function ready() {
  const made = enabled();
  const device = made.client.deviceFd(made.group, DEVICE);
  const { client } = made;
  const read = (position: bigint, length: number) => {
    const bytes = new Uint8Array(length);
    return { rc: client.port.readAt(device, bytes, position), bytes };
  };
  const irqs = (flags: number, index: number, start: number, count: number, data?: Uint8Array) =>
    setIrqs(client, device, [flags, index, start, count], data);
  return { ...made, device, read, irqs };
}

function setIrqs(
  client: RawClient,
  device: number,
  [flags = 0, index = 0, start = 0, count = 0]: readonly number[],
  data: Uint8Array = new Uint8Array(0),
): number {
  const bytes = new Uint8Array(20 + data.length);
  bytes.set(words(bytes.length, flags, index, start, count));
  bytes.set(data, 20);
  return client.ioctl(device, 10, bytes);
}

function u32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
}

describe("information", () => {
  test("section 5.3: DEVICE_GET_INFO of a function that cannot be reset", () => {
    const { client, device } = ready();
    const bytes = new Uint8Array(24).fill(0xee);
    bytes.set(words(24));
    expect(client.ioctl(device, 7, bytes)).toBe(0);
    expect([0, 4, 8, 12, 16].map((at) => u32(bytes, at))).toEqual([24, 2, 9, 5, 0]);
    const short = new Uint8Array(24).fill(0xee);
    short.set(words(16));
    expect([client.ioctl(device, 7, short), u32(short, 16)]).toEqual([0, 0xeeee_eeee]);
    expect(client.ioctl(device, 7, new Uint8Array(24))).toBe(-EINVAL);
    expect(client.ioctl(device, 7, new Uint8Array(15))).toBe(-EFAULT);
  });

  test.each([
    [0, 0, 7, 0x10_0000],
    [1, 0, 0, 0],
    [6, 0, 0, 0],
    [7, 0, 3, 256],
    [8, -EINVAL, 0, 0],
    [9, -EINVAL, 0, 0],
  ])("case 113: region %i", (index, rc, flags, size) => {
    const { client, device } = ready();
    const bytes = words(32, 0, index, 0x77, 0, 0, 0, 0);
    expect(client.ioctl(device, 8, bytes)).toBe(rc);
    expect([u32(bytes, 4), u32(bytes, 12), u32(bytes, 16)]).toEqual([flags, 0x77, size]);
    expect(u32(bytes, 28)).toBe(rc === 0 ? index << 8 : 0);
  });

  test.each([
    [0, 0, 7, 1],
    [1, 0, 9, 1],
    [2, 0, 9, 0],
    [3, -EINVAL, 0, 0],
    [4, 0, 9, 1],
    [5, -EINVAL, 0, 0],
  ])("case 115: interrupt index %i", (index, rc, flags, count) => {
    const { client, device } = ready();
    const bytes = words(16, 0, index, 0);
    expect(client.ioctl(device, 9, bytes)).toBe(rc);
    expect([u32(bytes, 4), u32(bytes, 12)]).toEqual([flags, count]);
  });

  test("cases 139 and 140: no reset, no hot reset on the root bus, other commands ENOTTY", () => {
    const { client, device } = ready();
    expect(client.ioctl(device, 11)).toBe(-EINVAL);
    expect(client.ioctl(device, 12, words(12, 0, 0))).toBe(-ENODEV);
    expect(client.ioctl(device, 13, words(12, 0, 1))).toBe(-ENODEV);
    expect(client.ioctl(device, 17, words(8, 0x7_0003))).toBe(-EINVAL);
    expect(client.ioctl(device, 17, words(8, 0x3_0003))).toBe(-EINVAL);
    expect(client.ioctl(device, 0)).toBe(-ENOTTY);
  });
});

test("section 5.8: a reset clears registers and keeps configuration space and eventfds", async () => {
  const { client, container, group } = enabled(3, {}, { functionReset: "offered" });
  const device = client.deviceFd(group, DEVICE);
  const event = client.port.eventFd();
  const info = words(24, 0, 0, 0, 0, 0);
  expect([client.ioctl(device, 7, info), u32(info, 4)]).toEqual([0, 3]);
  expect(setIrqs(client, device, [EVENTFD | TRIGGER, 1, 0, 1], words(event))).toBe(0);
  client.port.writeAt(device, Uint8Array.of(6, 0), COMMAND);
  client.port.writeAt(device, words(1), 4n);
  expect(client.ioctl(device, 11)).toBe(0);
  const register = new Uint8Array(4);
  expect([client.port.readAt(device, register, 4n), u32(register, 0)]).toEqual([4, 0]);
  const command = new Uint8Array(2);
  client.port.readAt(device, command, COMMAND);
  expect([(command[0] ?? 0) & 6, client.status(group).flags]).toEqual([6, 3]);
  client.port.writeAt(device, words(1), 0x60n);
  expect(await client.port.waitEvent(event, 0)).toBe(1);
  expect(client.available(container)).toBe(65_535);
});

describe("regions", () => {
  test("section 5.5: bounds of a BAR, and the identification register", () => {
    const { read } = ready();
    expect(read(0n, 4)).toEqual({ rc: 4, bytes: Uint8Array.of(0xed, 0, 0, 1) });
    expect(read(0x10_0000n, 4).rc).toBe(-EINVAL);
    expect(read(0xf_fffcn, 16).rc).toBe(4);
    expect(read(1n << 40n, 4).rc).toBe(-EINVAL);
    expect(read(9n << 40n, 4).rc).toBe(-EINVAL);
    expect(read(-1n, 4).rc).toBe(-EINVAL);
    expect(read(0x10_0000n, 0).rc).toBe(0);
  });

  test("section 5.5: a config request outside the space is EFAULT and does nothing", () => {
    const { client, device, read } = ready();
    expect(read(CONFIG + 255n, 2).rc).toBe(-EFAULT);
    expect(client.port.writeAt(device, new Uint8Array(2), CONFIG + 255n)).toBe(-EFAULT);
    expect(read(CONFIG, 4).bytes).toEqual(Uint8Array.of(0x34, 0x12, 0xe8, 0x11));
  });

  test("case 134: with memory decode off a BAR is EIO", () => {
    const { client, device, read } = ready();
    expect(client.port.writeAt(device, Uint8Array.of(0, 0), COMMAND)).toBe(2);
    expect(read(0n, 4).rc).toBe(-EIO);
    expect(client.port.writeAt(device, Uint8Array.of(2, 0), COMMAND)).toBe(2);
    expect(read(0n, 4).rc).toBe(4);
  });

  test("case 135: a BAR shows the host's address until it is written, then its size mask", () => {
    const { client, device, read } = ready();
    const bar = CONFIG + 0x10n;
    expect(read(bar, 4).bytes).toEqual(Uint8Array.of(0, 0, 0, 0xfd));
    client.port.writeAt(device, new Uint8Array(4).fill(0xff), bar);
    expect(read(bar, 4).bytes).toEqual(Uint8Array.of(0, 0, 0xf0, 0xff));
    expect(read(0n, 4).rc).toBe(4);
    expect(client.port.readText(`/sys/bus/pci/devices/${DEVICE}/resource`)).toMatch(
      /^0x00000000fd000000 0x00000000fd0fffff 0x0000000000000200\n/,
    );
  });

  test("section 5.11: identity is read-only, scratch registers are not", () => {
    const { client, device, read } = ready();
    client.port.writeAt(device, new Uint8Array(64).fill(0xff), CONFIG);
    expect(read(CONFIG, 4).bytes).toEqual(Uint8Array.of(0x34, 0x12, 0xe8, 0x11));
    expect(read(CONFIG + 0x3cn, 2).bytes).toEqual(Uint8Array.of(0xff, 1));
  });

  test("section 5.2: bus mastering is off at the first open and after the last close", () => {
    const { client, device, group, read } = ready();
    expect((read(COMMAND, 2).bytes[0] ?? 0) & 6).toBe(2);
    client.port.writeAt(device, Uint8Array.of(6, 0), COMMAND);
    const second = client.deviceFd(group, DEVICE);
    expect((read(COMMAND, 2).bytes[0] ?? 0) & 6).toBe(6);
    client.port.close(device);
    client.port.close(second);
    const again = client.deviceFd(group, DEVICE);
    const command = new Uint8Array(2);
    client.port.readAt(again, command, COMMAND);
    expect((command[0] ?? 0) & 6).toBe(2);
  });
});

describe("interrupts", () => {
  test.each([
    ["case 116: an action without data kind", [TRIGGER, 0, 0, 1], -EINVAL],
    ["case 116: a data kind without action", [NONE, 0, 0, 1], -ENOTTY],
    ["case 116: two data kinds", [NONE | BOOL | TRIGGER, 0, 0, 1], -EINVAL],
    ["case 116: two actions", [NONE | MASK | TRIGGER, 0, 0, 1], -ENOTTY],
    ["case 117: disable when inactive", [NONE | TRIGGER, 0, 0, 0], -EINVAL],
    ["case 118: an index without interrupts", [NONE | TRIGGER, 2, 0, 0], -EINVAL],
    ["case 119: start 1, count 0", [NONE | TRIGGER, 0, 1, 0], -EINVAL],
    ["an unknown flag", [NONE | TRIGGER | 0x40, 0, 0, 1], -EINVAL],
    ["an unknown index", [NONE | TRIGGER, 5, 0, 1], -EINVAL],
    ["case 125: MSI eventfds of count 0, inactive", [EVENTFD | TRIGGER, 1, 0, 0], -ERANGE],
    ["MSI cannot be masked", [NONE | MASK, 1, 0, 1], -ENOTTY],
  ] as const)("%s", (_name, [flags, index, start, count], expected) => {
    expect(ready().irqs(flags, index, start, count)).toBe(expected);
  });

  test("case 120 and 122: INTx without a target is active, and MSI is refused", () => {
    const { client, irqs } = ready();
    const event = words(client.port.eventFd());
    expect(irqs(EVENTFD | TRIGGER, 0, 0, 1, words(-1))).toBe(0);
    expect(irqs(EVENTFD | TRIGGER, 1, 0, 1, event)).toBe(-EINVAL);
    expect(irqs(EVENTFD | MASK, 0, 0, 1, event)).toBe(-ENOTTY);
    expect(irqs(EVENTFD | UNMASK, 0, 0, 1, event)).toBe(0);
    expect(irqs(EVENTFD | UNMASK, 0, 0, 1, event)).toBe(-EBUSY);
    expect(irqs(NONE | TRIGGER, 0, 0, 0)).toBe(0);
    expect(irqs(EVENTFD | TRIGGER, 1, 0, 1, event)).toBe(0);
  });

  test("case 124: INTx signals once, and again at an unmask while asserted", async () => {
    const { client, device, irqs } = ready();
    const event = client.port.eventFd();
    expect(irqs(EVENTFD | TRIGGER, 0, 0, 1, words(event))).toBe(0);
    client.port.writeAt(device, words(1), 0x60n);
    client.port.writeAt(device, words(2), 0x60n);
    expect(await client.port.waitEvent(event, 0)).toBe(1);
    expect(irqs(NONE | UNMASK, 0, 0, 1)).toBe(0);
    expect(await client.port.waitEvent(event, 0)).toBe(1);
    client.port.writeAt(device, words(3), 0x64n);
    expect(irqs(NONE | UNMASK, 0, 0, 1)).toBe(0);
    expect(await client.port.waitEvent(event, 0)).toBe(-ETIMEDOUT);
  });

  test("an MSI of the device arrives at its eventfd, also at one who waits", async () => {
    const { client, device, irqs } = ready();
    const event = client.port.eventFd();
    client.port.writeAt(device, Uint8Array.of(6, 0), COMMAND);
    expect(irqs(EVENTFD | TRIGGER, 1, 0, 1, words(event))).toBe(0);
    const waiting = client.port.waitEvent(event, 1000);
    client.port.writeAt(device, words(1), 0x60n);
    expect(await waiting).toBe(1);
    expect(irqs(BOOL | TRIGGER, 1, 0, 1, Uint8Array.of(1))).toBe(0);
    expect(await client.port.waitEvent(event, 0)).toBe(1);
    expect(irqs(NONE | TRIGGER, 1, 0, 0)).toBe(0);
    client.port.writeAt(device, words(1), 0x60n);
    expect(await client.port.waitEvent(event, 0)).toBe(-ETIMEDOUT);
  });

  test("case 126: a bad eventfd empties the vector, and a loopback skips it", () => {
    const { client, irqs } = ready();
    expect(irqs(EVENTFD | TRIGGER, 1, 0, 1, words(client.port.eventFd()))).toBe(0);
    expect(irqs(EVENTFD | TRIGGER, 1, 0, 1, words(99))).toBe(-EBADF);
    expect(irqs(NONE | TRIGGER, 1, 0, 1)).toBe(0);
  });

  test("case 132: REQ without and with an eventfd", async () => {
    const { client, irqs } = ready();
    expect(irqs(NONE | TRIGGER, 4, 0, 0)).toBe(-EINVAL);
    expect(irqs(BOOL | TRIGGER, 4, 0, 1, Uint8Array.of(1))).toBe(0);
    expect(irqs(EVENTFD | TRIGGER, 4, 0, 1, words(-1))).toBe(0);
    expect(irqs(EVENTFD | TRIGGER, 4, 0, 1, words(-2))).toBe(-EINVAL);
    const event = client.port.eventFd();
    expect(irqs(EVENTFD | TRIGGER, 4, 0, 1, words(event))).toBe(0);
    expect(irqs(NONE | TRIGGER, 4, 0, 1)).toBe(0);
    expect(await client.port.waitEvent(event, 0)).toBe(1);
  });

  test("section 5.2: the last close takes the interrupts along", async () => {
    const { client, device, group, irqs } = ready();
    const event = client.port.eventFd();
    expect(irqs(EVENTFD | TRIGGER, 0, 0, 1, words(event))).toBe(0);
    client.port.close(device);
    const again = client.deviceFd(group, DEVICE);
    client.port.writeAt(again, words(1), 0x60n);
    expect(await client.port.waitEvent(event, 0)).toBe(-ETIMEDOUT);
  });
});
