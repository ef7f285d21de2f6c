// type1.md 5.8 and 5.11: device features and the parts of configuration space that only pretend.

import { describe, expect, test } from "vitest";
import { EBADF, EFAULT, EINVAL, ENOTTY } from "./errno.ts";
import { words } from "./testing/raw-client.ts";
import { DEVICE, enabled } from "./testing/ready.ts";

const GET = 0x1_0000;
const SET = 0x2_0000;
const PROBE = 0x4_0000;
const ENTRY = 3;
const ENTRY_WITH_WAKEUP = 4;
const EXIT = 5;
const CONFIG = 7n << 40n;
const ROM = CONFIG + 0x30n;
const MSI_FLAGS = CONFIG + 0x42n;

function ready() {
  const { client, group } = enabled();
  const device = client.deviceFd(group, DEVICE);
  const feature = (flags: number, ...data: readonly number[]) =>
    client.ioctl(device, 17, words(8 + 4 * data.length, flags, ...data));
  const writeAndRead = (place: bigint, bytes: readonly number[]) => {
    client.port.writeAt(device, Uint8Array.from(bytes), place);
    const read = new Uint8Array(bytes.length);
    client.port.readAt(device, read, place);
    return [...read];
  };
  return { client, device, feature, writeAndRead };
}

describe("VFIO_DEVICE_FEATURE", () => {
  test.each([
    ["an unknown flag bit", 0x8_0000 | ENTRY, -EINVAL],
    ["GET and SET at once", GET | SET | ENTRY, -EINVAL],
    ["PROBE for both of what is only set", PROBE | GET | SET | ENTRY, -EINVAL],
    ["PROBE", PROBE | SET | ENTRY, 0],
    ["PROBE alone", PROBE | ENTRY, 0],
    ["none of the three", ENTRY, -EINVAL],
    ["GET of what is only set", GET | ENTRY, -EINVAL],
    ["a feature that it has not", PROBE | 1, -ENOTTY],
    ["a feature that nobody has", PROBE | 99, -ENOTTY],
  ])("case 144: %s", (_name, flags, answer) => {
    expect(ready().feature(flags)).toBe(answer);
  });

  test("case 145: ENTRY twice; EXIT twice", () => {
    const { feature } = ready();
    expect([feature(SET | ENTRY), feature(SET | ENTRY)]).toEqual([0, -EINVAL]);
    expect([feature(SET | EXIT), feature(SET | EXIT), feature(SET | ENTRY)]).toEqual([0, 0, 0]);
  });

  test("section 5.8: the wake-up's eventfd is looked at", () => {
    const { client, device, feature } = ready();
    expect(feature(SET | ENTRY_WITH_WAKEUP)).toBe(-EINVAL);
    expect(feature(SET | ENTRY_WITH_WAKEUP, -1, 0)).toBe(-EINVAL);
    expect(feature(SET | ENTRY_WITH_WAKEUP, 999, 0)).toBe(-EBADF);
    expect(feature(SET | ENTRY_WITH_WAKEUP, device, 0)).toBe(-EINVAL);
    expect(feature(SET | ENTRY_WITH_WAKEUP, client.port.eventFd(), 0)).toBe(0);
    expect(client.ioctl(device, 17, 0)).toBe(-EFAULT);
    expect(client.ioctl(device, 17, words(7, PROBE | ENTRY))).toBe(-EINVAL);
  });
});

describe("configuration space", () => {
  test("section 5.11: a ROM that is not there has no bits", () => {
    expect(ready().writeAndRead(ROM, [0xff, 0xff, 0xff, 0xff])).toEqual([0, 0, 0, 0]);
  });

  test("section 5.11: the whole low byte of the MSI flags is scratch, but for enable and size", () => {
    const { writeAndRead } = ready();
    expect(writeAndRead(MSI_FLAGS, [0x01, 0x00])).toEqual([0x00, 0x00]);
    expect(writeAndRead(MSI_FLAGS, [0xf1])).toEqual([0x80]);
  });

  test("section 5.11: enable may be written once SET_IRQS has set MSI up", () => {
    const { client, device, writeAndRead } = ready();
    const [argsz, eventFdTrigger, msi] = [24, 4 | 0x20, 1];
    const request = words(argsz, eventFdTrigger, msi, 0, 1, client.port.eventFd());
    expect(client.ioctl(device, 10, request)).toBe(0);
    expect(writeAndRead(MSI_FLAGS, [0x71])).toEqual([0x01]);
  });
});
