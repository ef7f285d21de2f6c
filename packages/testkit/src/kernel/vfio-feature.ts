// VFIO_DEVICE_FEATURE of plain vfio-pci: low power is all that it has.
//
// type1.md 5.8 and 5.12. Whether the device really sleeps cannot be seen; that it is let sleep can.

import { DEVICE_FEATURE } from "./decode/vfio.ts";
import { EBADF, EFAULT, EINVAL, ENOTTY } from "./errno.ts";
import { EventFd } from "./event-fd.ts";
import type { IoctlCall } from "./open-file.ts";
import type { ByteOrder } from "./port-types.ts";
import { copyStruct } from "./user-copy.ts";
import type { VfioDevice } from "./vfio-device.ts";

const GET = 0x1_0000;
const SET = 0x2_0000;
const PROBE = 0x4_0000;
const INDEX = 0xffff;
const LOW_POWER_ENTRY = 3;
const LOW_POWER_ENTRY_WITH_WAKEUP = 4;
const LOW_POWER_EXIT = 5;
/** Bytes behind the head; every one of these is SET only. */
const DATA_BYTES: ReadonlyMap<number, number> = new Map([
  [LOW_POWER_ENTRY, 0],
  [LOW_POWER_ENTRY_WITH_WAKEUP, 8],
  [LOW_POWER_EXIT, 0],
]);

export function deviceFeature(device: VfioDevice, call: IoctlCall, order: ByteOrder): number {
  const head = copyStruct(call.argument, DEVICE_FEATURE, order);
  if (head === undefined) return -EFAULT;
  const [argsz, flags] = [head.view.u32("argsz"), head.view.u32("flags")];
  if (argsz < DEVICE_FEATURE.size || (flags & ~(INDEX | GET | SET | PROBE)) !== 0) return -EINVAL;
  const both = (flags & GET) !== 0 && (flags & SET) !== 0;
  if (both && (flags & PROBE) === 0) return -EINVAL;
  const index = flags & INDEX;
  const bytes = DATA_BYTES.get(index);
  if (bytes === undefined) return -ENOTTY;
  if ((flags & GET) !== 0) return -EINVAL;
  if ((flags & PROBE) !== 0) return 0;
  if ((flags & SET) === 0 || argsz - DEVICE_FEATURE.size < bytes) return -EINVAL;
  if (index === LOW_POWER_EXIT) return device.power.exit();
  return index === LOW_POWER_ENTRY
    ? device.power.enter(null)
    : enterWithWakeup(device, call, order);
}

function enterWithWakeup(device: VfioDevice, call: IoctlCall, order: ByteOrder): number {
  const data = call.argument.read(DEVICE_FEATURE.size, 8);
  if (data === undefined) return -EFAULT;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const fd = view.getInt32(0, order === "little");
  if (fd < 0) return -EINVAL;
  const file = call.process.fds.get(fd);
  if (file === undefined) return -EBADF;
  if (!(file instanceof EventFd)) return -EINVAL;
  return device.power.enter(file.hold());
}
