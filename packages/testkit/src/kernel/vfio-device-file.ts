// An open file of a vfio-pci device: information, interrupts, reset and region access.
//
// type1.md 5.3 to 5.9, dispatched by command.

import type { MemoryBacking } from "./backing.ts";
import { isMappable, mapBar } from "./bar-backing.ts";
import * as command from "./decode/commands.ts";
import type { StructTable, StructView } from "./decode/struct-view.ts";
import { DEVICE_INFO, HOT_RESET, HOT_RESET_INFO, IRQ_INFO, REGION_INFO } from "./decode/vfio.ts";
import { EFAULT, EINVAL, ENODEV, ENOTTY } from "./errno.ts";
import { type IoctlCall, OpenFile } from "./open-file.ts";
import type { ByteOrder, MapMemoryRequest } from "./port-types.ts";
import { copyStruct } from "./user-copy.ts";
import type { VfioDevice } from "./vfio-device.ts";
import { deviceFeature } from "./vfio-feature.ts";
import { ERR, INTX } from "./vfio-interrupts.ts";
import { ioEventFd } from "./vfio-ioeventfd.ts";
import { setIrqs } from "./vfio-irq-set.ts";
import { accessRegion, BARS, CONFIG_REGION, REGION_SHIFT, REGIONS } from "./vfio-region-io.ts";

const FLAGS_RESET = 1;
const FLAGS_PCI = 2;
const REGION_READ = 1;
const REGION_WRITE = 2;
const REGION_MMAP = 4;
const ROM_REGION = 6;
const INDEXES = 5;
/** The first ABI's vfio_device_info ended before `cap_offset`. */
const DEVICE_INFO_MINIMUM = 16;
const IRQ_EVENTFD = 1;
const IRQ_MASKABLE = 2;
const IRQ_AUTOMASKED = 4;
const IRQ_NORESIZE = 8;

export class DeviceFile extends OpenFile {
  readonly kind = "device";
  readonly label: string;
  readonly #device: VfioDevice;
  readonly #order: ByteOrder;

  constructor(device: VfioDevice, order: ByteOrder) {
    super();
    this.#device = device;
    this.#order = order;
    this.label = device.pci.address;
  }

  override ioctl(call: IoctlCall): number {
    this.#device.power.wake();
    switch (call.command) {
      case command.DEVICE_GET_INFO:
        return this.#getInfo(call);
      case command.DEVICE_GET_REGION_INFO:
        return this.#getRegionInfo(call);
      case command.DEVICE_GET_IRQ_INFO:
        return this.#getIrqInfo(call);
      case command.DEVICE_SET_IRQS:
        return setIrqs(this.#device.interrupts, call, this.#order);
      case command.DEVICE_RESET:
        return this.#device.reset();
      case command.DEVICE_GET_PCI_HOT_RESET_INFO:
        return this.#hotReset(call, HOT_RESET_INFO);
      case command.DEVICE_PCI_HOT_RESET:
        return this.#hotReset(call, HOT_RESET);
      case command.DEVICE_FEATURE_COMMAND:
        return deviceFeature(this.#device, call, this.#order);
      case command.DEVICE_IOEVENTFD:
        return ioEventFd(this.#device, call, this.#order);
      default:
        return -ENOTTY;
    }
  }

  override readAt(into: Uint8Array, offset: bigint): number {
    this.#device.power.wake();
    return accessRegion(this.#device, "read", into, offset);
  }

  override writeAt(from: Uint8Array, offset: bigint): number {
    this.#device.power.wake();
    return accessRegion(this.#device, "write", from, offset);
  }

  override map(request: MapMemoryRequest): MemoryBacking | number {
    return mapBar(this.#device, this, request);
  }

  protected released(): void {
    this.#device.close();
  }

  #getInfo(call: IoctlCall): number {
    const info = this.#copy(call, DEVICE_INFO, DEVICE_INFO_MINIMUM);
    if (typeof info === "number") return info;
    const argsz = info.view.u32("argsz");
    info.view.setU32("flags", FLAGS_PCI | (this.#device.canReset ? FLAGS_RESET : 0));
    info.view.setU32("num_regions", REGIONS);
    info.view.setU32("num_irqs", INDEXES);
    info.view.setU32("cap_offset", 0);
    const size = Math.min(argsz, DEVICE_INFO.size);
    return call.argument.write(0, info.bytes.subarray(0, size)) ? 0 : -EFAULT;
  }

  #getRegionInfo(call: IoctlCall): number {
    const info = this.#copy(call, REGION_INFO, REGION_INFO.size);
    if (typeof info === "number") return info;
    const index = info.view.u32("index");
    const region = this.#region(index);
    if (region === undefined) return -EINVAL;
    info.view.setU32("flags", region.flags);
    info.view.setU64("size", BigInt(region.size));
    info.view.setU64("offset", BigInt(index) << REGION_SHIFT);
    return call.argument.write(0, info.bytes) ? 0 : -EFAULT;
  }

  #region(index: number): { readonly size: number; readonly flags: number } | undefined {
    const { bars, configSize } = this.#device.pci.function;
    if (index === CONFIG_REGION) return { size: configSize, flags: REGION_READ | REGION_WRITE };
    if (index === ROM_REGION) return { size: 0, flags: 0 };
    if (index >= BARS) return undefined;
    const size = bars[index]?.length ?? 0;
    if (size === 0) return { size, flags: 0 };
    const mappable = isMappable(this.#device, index) ? REGION_MMAP : 0;
    return { size, flags: REGION_READ | REGION_WRITE | mappable };
  }

  #getIrqInfo(call: IoctlCall): number {
    const info = this.#copy(call, IRQ_INFO, IRQ_INFO.size);
    if (typeof info === "number") return info;
    const index = info.view.u32("index");
    if (index >= INDEXES) return -EINVAL;
    const count = this.#device.interrupts.countOf(index);
    if (index === ERR && count < 0) return count;
    info.view.setU32("flags", irqFlags(index));
    info.view.setU32("count", count);
    return call.argument.write(0, info.bytes) ? 0 : -EFAULT;
  }

  /** Every simulated device sits on the root bus, where neither slot nor bus can be reset. */
  #hotReset(call: IoctlCall, table: StructTable<"argsz" | "flags" | "count">): number {
    const head = this.#copy(call, table, table.size);
    if (typeof head === "number") return head;
    const isReset = table === HOT_RESET;
    if (isReset && (head.view.u32("flags") !== 0 || head.view.u32("count") === 0)) return -EINVAL;
    return -ENODEV;
  }

  /** The head of a struct, with the minimum that this call demands of `argsz`. */
  #copy<F extends string>(
    call: IoctlCall,
    table: StructTable<F | "argsz">,
    minimum: number,
  ): { readonly bytes: Uint8Array; readonly view: StructView<F | "argsz"> } | number {
    const head = copyStruct(call.argument, table, this.#order, minimum);
    if (head === undefined) return -EFAULT;
    return head.view.u32("argsz") < minimum ? -EINVAL : head;
  }
}

/** Flags do not depend on the count: an index without interrupts shows them too. */
function irqFlags(index: number): number {
  if (index === INTX) return IRQ_EVENTFD | IRQ_MASKABLE | IRQ_AUTOMASKED;
  return IRQ_EVENTFD | IRQ_NORESIZE;
}
