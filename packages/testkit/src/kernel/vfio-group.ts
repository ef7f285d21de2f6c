// /dev/vfio/N: one group, which joins a container and hands out its devices.
//
// type1.md 1.3, 1.4, 1.6 and 1.7. One open file at a time; an open device keeps that file alive.

import * as command from "./decode/commands.ts";
import { GROUP_STATUS } from "./decode/vfio.ts";
import { EBADF, EBADFD, EBUSY, EFAULT, EINVAL, EMFILE, ENODEV, ENOTTY } from "./errno.ts";
import type { IommuGroup } from "./iommu-group.ts";
import { type IoctlCall, OpenFile } from "./open-file.ts";
import type { ByteOrder, KernelAbi } from "./port-types.ts";
import { copyStruct } from "./user-copy.ts";
import { ContainerFile } from "./vfio-container.ts";
import type { VfioDevice } from "./vfio-device.ts";
import { DeviceFile } from "./vfio-device-file.ts";
import { matchDeviceName } from "./vfio-device-name.ts";

const VIABLE = 1;
const CONTAINER_SET = 2;

/** The group as VFIO keeps it, from the first bound device to the last. */
export class VfioGroup {
  readonly iommu: IommuGroup;
  readonly abi: KernelAbi;
  readonly devices: VfioDevice[] = [];
  container: ContainerFile | null = null;
  /** 0 detached, 1 attached, +1 for each open device. */
  containerUsers = 0;
  openedFile: GroupFile | null = null;

  constructor(iommu: IommuGroup, abi: KernelAbi) {
    this.iommu = iommu;
    this.abi = abi;
  }

  get order(): ByteOrder {
    return this.abi.byteOrder;
  }

  open(): GroupFile | number {
    if (this.openedFile !== null) return -EBUSY;
    this.openedFile = new GroupFile(this);
    return this.openedFile;
  }

  detach(): void {
    this.container?.detach(this.iommu);
    this.container = null;
    this.containerUsers = 0;
  }
}

export class GroupFile extends OpenFile {
  readonly kind = "group";
  readonly label: string;
  readonly #group: VfioGroup;

  constructor(group: VfioGroup) {
    super();
    this.#group = group;
    this.label = `/dev/vfio/${group.iommu.id}`;
  }

  override ioctl(call: IoctlCall): number {
    switch (call.command) {
      case command.GROUP_GET_STATUS:
        return this.#getStatus(call);
      case command.GROUP_SET_CONTAINER:
        return this.#setContainer(call);
      case command.GROUP_UNSET_CONTAINER:
        return this.#unsetContainer();
      case command.GROUP_GET_DEVICE_FD:
        return this.#getDeviceFd(call);
      default:
        return -ENOTTY;
    }
  }

  protected released(): void {
    if (this.#group.container !== null) this.#group.detach();
    this.#group.openedFile = null;
  }

  #getStatus(call: IoctlCall): number {
    const status = copyStruct(call.argument, GROUP_STATUS, this.#group.order);
    if (status === undefined) return -EFAULT;
    if (status.view.u32("argsz") < GROUP_STATUS.size) return -EINVAL;
    status.view.setU32("flags", this.#statusFlags());
    return call.argument.write(0, status.bytes) ? 0 : -EFAULT;
  }

  #statusFlags(): number {
    if (this.#group.container !== null) return VIABLE | CONTAINER_SET;
    return this.#group.iommu.viable ? VIABLE : 0;
  }

  #setContainer(call: IoctlCall): number {
    const word = call.argument.read(0, 4);
    if (word === undefined) return -EFAULT;
    const view = new DataView(word.buffer, word.byteOffset, 4);
    const file = call.process.fds.get(view.getInt32(0, this.#group.order === "little"));
    if (file === undefined) return -EBADF;
    if (this.#group.container !== null) return -EINVAL;
    if (this.#group.devices.length === 0) return -ENODEV;
    if (!(file instanceof ContainerFile)) return -EBADFD;
    const attached = file.attach(this.#group.iommu);
    if (attached !== 0) return attached;
    this.#group.container = file;
    this.#group.containerUsers = 1;
    return 0;
  }

  #unsetContainer(): number {
    if (this.#group.container === null) return -EINVAL;
    if (this.#group.containerUsers !== 1) return -EBUSY;
    this.#group.detach();
    return 0;
  }

  #getDeviceFd(call: IoctlCall): number {
    const name = readString(call, this.#group.abi.pageSize);
    if (typeof name === "number") return name;
    const device = findDevice(this.#group.devices, name);
    if (typeof device === "number") return device;
    if (!call.process.fds.hasRoom()) return -EMFILE;
    if (this.#group.container === null) return -EINVAL;
    const opened = device.open(this.#group);
    return opened === 0
      ? call.process.fds.install(new DeviceFile(device, this.#group.order))
      : opened;
  }
}

/** strndup_user with one page of the host as its limit, the end mark included. */
function readString(call: IoctlCall, pageSize: number): string | number {
  let name = "";
  for (let offset = 0; offset < pageSize; offset += 1) {
    const byte = call.argument.read(offset, 1)?.[0];
    if (byte === undefined) return -EFAULT;
    if (byte === 0) return name;
    name += String.fromCharCode(byte);
  }
  return -EINVAL;
}

/** The group's device of that name; a match may itself refuse what follows the name. */
function findDevice(devices: readonly VfioDevice[], name: string): VfioDevice | number {
  for (const device of devices) {
    const match = matchDeviceName(device.pci.address, name);
    if (match < 0) return match;
    if (match > 0) return device;
  }
  return -ENODEV;
}
