// type1.md 5.8, VFIO_DEVICE_IOEVENTFD: checks in the kernel's order.

import { expect, test } from "vitest";
import { EBADF, EEXIST, EFAULT, EINVAL, ENODEV, ENOSPC } from "./errno.ts";
import { DEVICE, enabled } from "./testing/ready.ts";

interface Request {
  readonly argsz?: number;
  readonly flags?: number;
  readonly offset?: bigint;
  readonly data?: bigint;
  readonly fd?: number;
}

function ready() {
  const made = enabled();
  const device = made.client.deviceFd(made.group, DEVICE);
  const event = made.client.port.eventFd();
  const call = ({ argsz = 32, flags = 4, offset = 0n, data = 0n, fd = event }: Request = {}) => {
    const view = new DataView(new ArrayBuffer(32));
    view.setUint32(0, argsz, true);
    view.setUint32(4, flags, true);
    view.setBigUint64(8, offset, true);
    view.setBigUint64(16, data, true);
    view.setInt32(24, fd, true);
    return made.client.ioctl(device, 16, new Uint8Array(view.buffer));
  };
  return { ...made, device, call };
}

test.each<[string, Request, number]>([
  ["a short argsz", { argsz: 27 }, -EINVAL],
  ["an unknown flag", { flags: 0x14 }, -EINVAL],
  ["no size", { flags: 0 }, -EINVAL],
  ["two sizes", { flags: 6 }, -EINVAL],
  ["a descriptor below -1", { fd: -2 }, -EINVAL],
  ["the ROM", { offset: 6n << 40n }, -EINVAL],
  ["beyond the BAR", { offset: 0x10_0000n }, -EINVAL],
  ["over its end", { offset: 0xf_fffdn }, -EINVAL],
  ["a BAR that is not there", { offset: 1n << 40n }, -EINVAL],
  ["the removal of none", { fd: -1 }, -ENODEV],
  ["a closed descriptor", { fd: 99 }, -EBADF],
  ["no alignment", { offset: 1n }, 0],
])("error: %s", (_, request, expected) => {
  expect(ready().call(request)).toBe(expected);
});

test("behavior: registered once, removed once, and let go with the device", () => {
  const { client, device, container, call } = ready();
  expect(call({ fd: container })).toBe(-EINVAL);
  expect([call(), call(), call({ data: 1n }), call({ flags: 8 })]).toEqual([0, -EEXIST, 0, 0]);
  expect([call({ fd: -1 }), call({ fd: -1 }), call()]).toEqual([0, -ENODEV, 0]);
  expect(client.ioctl(device, 16, new Uint8Array(27))).toBe(-EFAULT);
  expect(client.port.close(device)).toBe(0);
});

test("error: more than 1000 of one device", () => {
  const { call } = ready();
  for (let data = 0n; data < 1000n; data += 1n) expect(call({ data })).toBe(0);
  expect(call({ data: 1000n })).toBe(-ENOSPC);
});
