// The kernel's driver core for PCI: which driver a device has, and how sysfs changes it.
//
// Matching and errors are those of drivers/base/bus.c and drivers/pci/pci-driver.c. A driver that
// does DMA in the kernel is refused while a user owns the group (type1.md 1.4, case 27).

import { EBUSY, EEXIST, EINVAL, ENODEV } from "../errno.ts";
import { doesKernelDma } from "../iommu-group.ts";
import type { PciDevice } from "./pci-device.ts";

interface PciId {
  readonly vendor: number;
  readonly device: number;
}

export interface PciDriverSpec {
  readonly name: string;
  readonly ids: readonly PciId[];
}

/** Told when a driver takes or leaves a device; a probe may refuse with -errno. */
export interface DriverHooks {
  probe(device: PciDevice, driver: string): number;
  remove(device: PciDevice, driver: string): void;
}

export class DriverCore {
  readonly devices: readonly PciDevice[];
  readonly #drivers: Map<string, PciId[]>;
  readonly #hooks: DriverHooks;

  constructor(
    devices: readonly PciDevice[],
    drivers: readonly PciDriverSpec[],
    hooks: DriverHooks,
  ) {
    this.devices = devices;
    this.#drivers = new Map(drivers.map((driver) => [driver.name, [...driver.ids]]));
    this.#hooks = hooks;
  }

  get driverNames(): readonly string[] {
    return [...this.#drivers.keys()];
  }

  boundTo(driver: string): readonly PciDevice[] {
    return this.devices.filter((device) => device.driver === driver);
  }

  /** A write to `drivers/<driver>/bind`. */
  bind(driver: string, address: string): number {
    const device = this.#device(address);
    if (device === undefined || !this.#matches(driver, device)) return -ENODEV;
    return this.#attach(driver, device);
  }

  /** A write to `drivers/<driver>/unbind`. */
  unbind(driver: string, address: string): number {
    const device = this.#device(address);
    if (device === undefined || device.driver !== driver) return -ENODEV;
    this.#hooks.remove(device, driver);
    device.driver = null;
    return 0;
  }

  /** A write to `drivers_probe`: the first driver that matches; none is no error. */
  probe(address: string): number {
    const device = this.#device(address);
    if (device === undefined) return -ENODEV;
    if (device.driver !== null) return 0;
    return this.#firstMatch(device) < 0 ? -EINVAL : 0;
  }

  /** A write to `new_id`, which also binds every free device that matches now. */
  newId(driver: string, line: string): number {
    const id = parseId(line);
    const ids = this.#drivers.get(driver);
    if (id === undefined || ids === undefined) return -EINVAL;
    if (ids.some((known) => known.vendor === id.vendor && known.device === id.device))
      return -EEXIST;
    ids.push(id);
    for (const device of this.devices)
      if (device.driver === null && this.#matches(driver, device)) this.#attach(driver, device);
    return 0;
  }

  removeId(driver: string, line: string): number {
    const id = parseId(line);
    if (id === undefined) return -EINVAL;
    const ids = this.#drivers.get(driver) ?? [];
    const index = ids.findIndex(
      (known) => known.vendor === id.vendor && known.device === id.device,
    );
    if (index === -1) return -ENODEV;
    ids.splice(index, 1);
    return 0;
  }

  /** Binds what the machine's firmware and boot would have bound. */
  boot(): void {
    for (const device of this.devices) this.#firstMatch(device);
  }

  #firstMatch(device: PciDevice): number {
    for (const driver of this.#drivers.keys())
      if (this.#matches(driver, device)) return this.#attach(driver, device);
    return 0;
  }

  #attach(driver: string, device: PciDevice): number {
    if (device.driver !== null) return -EBUSY;
    if (doesKernelDma(driver) && device.group.owned) return -EBUSY;
    const probed = this.#hooks.probe(device, driver);
    if (probed === 0) device.driver = driver;
    return probed;
  }

  #matches(driver: string, device: PciDevice): boolean {
    const ids = this.#drivers.get(driver);
    if (ids === undefined) return false;
    if (device.driverOverride !== null) return device.driverOverride === driver;
    const { vendor, device: id } = device.function;
    return ids.some((known) => known.vendor === vendor && known.device === id);
  }

  #device(address: string): PciDevice | undefined {
    const name = address.trim();
    return this.devices.find((device) => device.address === name);
  }
}

/** `vvvv dddd …` in hexadecimal, as new_id takes it. */
function parseId(line: string): PciId | undefined {
  const [vendor, device] = line
    .trim()
    .split(/\s+/)
    .map((word) => Number.parseInt(word, 16));
  if (vendor === undefined || device === undefined) return undefined;
  return Number.isNaN(vendor) || Number.isNaN(device) ? undefined : { vendor, device };
}
