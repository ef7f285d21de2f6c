// A device's descriptor from its group, and what the device says of itself.

import { askWithArgsz } from "../abi/argsz.ts";
import { ioctlNumber } from "../abi/ioctl-number.ts";
import { createReader } from "../abi/reader.ts";
import type { GroupHandle } from "../container/group-handle.ts";
import { groupOf } from "../container/groups.ts";
import type { Device, RegionInfo } from "../contract/device.ts";
import { IommuError } from "../errors/base.ts";
import { refusedByKernel } from "../errors/kernel.ts";
import type { KernelPort } from "../port/kernel-port.ts";
import * as uapi from "../uapi/device.ts";
import { VFIO_GROUP_GET_DEVICE_FD } from "../uapi/group.ts";
import { accessRegion } from "./region-io.ts";
import { readRegionInfo } from "./regions.ts";

/** Opens a device of one of the groups. `onClose` is called once, when the device closes. */
export function openDevice(
  port: KernelPort,
  groups: readonly GroupHandle[],
  address: string,
  onClose: (device: Device) => void,
): Device {
  const id = groupOf(port, address);
  const group = groups.find((each) => each.id === id);
  if (group === undefined)
    throw new IommuError({
      code: "device-not-found",
      operation: "openDevice",
      sentence: `device ${address} is in group ${id}, which is not in this container`,
      facts: { address, group: id, attached: groups.map((each) => String(each.id)) },
    });
  const fd = deviceDescriptor(port, group, address);
  try {
    return new VfioDevice(port, fd, address, readInfo(port, fd, address), onClose);
  } catch (error) {
    port.close(fd);
    throw error;
  }
}

interface DeviceFacts {
  readonly flags: number;
  readonly regions: number;
  readonly interrupts: number;
}

class VfioDevice implements Device {
  readonly address: string;
  readonly bus: string;
  readonly resettable: boolean;
  readonly regionCount: number;
  readonly interruptCount: number;
  readonly #port: KernelPort;
  readonly #fd: number;
  readonly #onClose: (device: Device) => void;
  readonly #regions = new Map<number, RegionInfo>();
  #closed = false;

  constructor(
    port: KernelPort,
    fd: number,
    address: string,
    facts: DeviceFacts,
    onClose: (device: Device) => void,
  ) {
    this.#port = port;
    this.#fd = fd;
    this.#onClose = onClose;
    this.address = address;
    this.bus = busName(facts.flags);
    this.resettable = (facts.flags & uapi.VFIO_DEVICE_FLAGS_RESET) !== 0;
    this.regionCount = facts.regions;
    this.interruptCount = facts.interrupts;
  }

  region(index: number): RegionInfo {
    this.#requireOpen("region");
    const known = this.#regions.get(index);
    if (known !== undefined) return known;
    const info = readRegionInfo(this.#port, this.#fd, index, this.regionCount);
    this.#regions.set(index, info);
    return info;
  }

  readRegion(index: number, offset: number, into: Uint8Array): void {
    const region = this.region(index);
    accessRegion({ region, offset, length: lengthOf(into), action: "read" }, (at) =>
      this.#port.readAt(this.#fd, into, at),
    );
  }

  writeRegion(index: number, offset: number, from: Uint8Array): void {
    const region = this.region(index);
    accessRegion({ region, offset, length: lengthOf(from), action: "write" }, (at) =>
      this.#port.writeAt(this.#fd, from, at),
    );
  }

  reset(): void {
    this.#requireOpen("reset");
    if (!this.resettable)
      throw new IommuError({
        code: "not-offered",
        operation: "reset",
        sentence: `device ${this.address} cannot be reset alone`,
        facts: { address: this.address },
        hint: "no function reset worked when it was opened; a hot reset of its bus may",
      });
    const request = ioctlNumber(this.#port.abi, uapi.VFIO_DEVICE_RESET);
    const result = this.#port.ioctl(this.#fd, request, 0);
    if (result !== 0)
      throw refusedByKernel(this.#port.abi, {
        operation: "VFIO_DEVICE_RESET",
        result,
        sentence: `device ${this.address} was not reset`,
        facts: { address: this.address },
      });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose(this);
    const result = this.#port.close(this.#fd);
    if (result !== 0)
      throw refusedByKernel(this.#port.abi, {
        operation: "close",
        result,
        sentence: `closing device ${this.address} failed`,
        facts: { address: this.address },
      });
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #requireOpen(operation: string): void {
    if (!this.#closed) return;
    throw new IommuError({
      code: "closed",
      operation,
      sentence: `${operation} refused: device ${this.address} was closed`,
      facts: { address: this.address },
    });
  }
}

/** NaN for what is not bytes, which region-io.ts refuses. */
function lengthOf(bytes: unknown): number {
  return bytes instanceof Uint8Array ? bytes.length : Number.NaN;
}

function deviceDescriptor(port: KernelPort, group: GroupHandle, address: string): number {
  // ASCII by the grammar of isDeviceName, which groupOf has checked; the last byte stays NUL.
  const name = new Uint8Array(address.length + 1);
  for (let i = 0; i < address.length; i++) name[i] = address.charCodeAt(i);
  const result = port.ioctl(group.fd, ioctlNumber(port.abi, VFIO_GROUP_GET_DEVICE_FD), name);
  // Any descriptor is legal, 0, 1 and 2 too (invariant I24).
  if (result >= 0) return result;
  throw refusedByKernel(port.abi, {
    operation: "VFIO_GROUP_GET_DEVICE_FD",
    result,
    sentence: `device ${address} cannot be opened`,
    facts: { address, group: group.id },
    codes: { ENODEV: "device-not-found", EBUSY: "device-busy", EAGAIN: "device-busy" },
    hints: {
      ENODEV: "bind it to vfio-pci first",
      EAGAIN: "its lock is held, by a reset for example; open it again",
      EACCES: "a virtual function may need its physical function's token",
    },
  });
}

function readInfo(port: KernelPort, fd: number, address: string): DeviceFacts {
  const request = ioctlNumber(port.abi, uapi.VFIO_DEVICE_GET_INFO);
  const { result, bytes } = askWithArgsz(port.abi, {
    operation: "VFIO_DEVICE_GET_INFO",
    bytes: uapi.vfio_device_info.size,
    call: (argument) => port.ioctl(fd, request, argument),
  });
  if (result !== 0)
    throw refusedByKernel(port.abi, {
      operation: "VFIO_DEVICE_GET_INFO",
      result,
      sentence: `device ${address} does not tell what it is`,
      facts: { address },
    });
  const { get } = createReader(uapi.vfio_device_info, port.abi, bytes);
  return { flags: get.flags(), regions: get.num_regions(), interrupts: get.num_irqs() };
}

function busName(flags: number): string {
  if ((flags & uapi.VFIO_DEVICE_FLAGS_PCI) !== 0) return "pci";
  if ((flags & uapi.VFIO_DEVICE_FLAGS_PLATFORM) !== 0) return "platform";
  if ((flags & uapi.VFIO_DEVICE_FLAGS_FSL_MC) !== 0) return "fsl-mc";
  return "unknown";
}
