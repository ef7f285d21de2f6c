// VFIO_DEVICE_IOEVENTFD: an eventfd whose signal writes a value into a BAR (type1.md 5.8).
//
// Registered and removed as the kernel does it. No call of the port signals an eventfd, so no write
// ever comes of it here.

import { IOEVENTFD } from "./decode/vfio.ts";
import { EBADF, EEXIST, EFAULT, EINVAL, ENODEV, ENOSPC } from "./errno.ts";
import { EventFd } from "./event-fd.ts";
import type { IoctlCall } from "./open-file.ts";
import type { ByteOrder } from "./port-types.ts";
import { copyStruct } from "./user-copy.ts";
import type { VfioDevice } from "./vfio-device.ts";
import { BARS, REGION_SHIFT } from "./vfio-region-io.ts";

/** The first ABI's struct ended with `fd`. */
const MINIMUM = 28;
const SIZES: ReadonlySet<number> = new Set([1, 2, 4, 8]);
const MOST = 1000;

export interface IoEventFd {
  readonly offset: bigint;
  readonly data: bigint;
  readonly width: number;
  readonly eventFd: EventFd;
}

export function ioEventFd(device: VfioDevice, call: IoctlCall, order: ByteOrder): number {
  const copied = copyStruct(call.argument, IOEVENTFD, order, MINIMUM);
  if (copied === undefined) return -EFAULT;
  const { view } = copied;
  const [width, fd] = [view.u32("flags"), view.s32("fd")];
  if (view.u32("argsz") < MINIMUM || !SIZES.has(width) || fd < -1) return -EINVAL;
  const offset = view.u64("offset");
  if (!isInsideBar(device, offset, width)) return -EINVAL;
  return change(device.ioEventFds, { offset, data: view.u64("data"), width }, fd, call);
}

function isInsideBar(device: VfioDevice, offset: bigint, width: number): boolean {
  const region = Number(offset >> REGION_SHIFT);
  if (region >= BARS) return false;
  const length = device.pci.function.bars[region]?.length ?? 0;
  return (offset & ((1n << REGION_SHIFT) - 1n)) + BigInt(width) <= BigInt(length);
}

function change(
  known: IoEventFd[],
  wanted: Omit<IoEventFd, "eventFd">,
  fd: number,
  call: IoctlCall,
): number {
  const index = known.findIndex(
    ({ offset, data, width }) =>
      offset === wanted.offset && data === wanted.data && width === wanted.width,
  );
  if (index !== -1 && fd !== -1) return -EEXIST;
  if (index !== -1) {
    for (const { eventFd } of known.splice(index, 1)) eventFd.drop();
    return 0;
  }
  if (fd === -1) return -ENODEV;
  if (known.length >= MOST) return -ENOSPC;
  const file = call.process.fds.get(fd);
  if (file === undefined) return -EBADF;
  if (!(file instanceof EventFd)) return -EINVAL;
  known.push({ ...wanted, eventFd: file.hold() });
  return 0;
}
