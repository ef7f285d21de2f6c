// A scripted sysfs of PCI devices behind a kernel port, for tests of binding and discovery.
//
// It does what the driver core does for the few files used, and nothing else: driver_override, unbind,
// bind, drivers_probe, the two links, and the group nodes. Any call can be made to fail.

import { abiProfile, type HostMemory, type KernelPort } from "@iommukit/core";

export interface FakeDevice {
  driver: string | undefined;
  override: string | undefined;
  group: number | undefined;
  /** The driver that wants this device when no override is set. */
  readonly native?: string;
}

const ENOENT = 2;
const ENODEV = 19;
const EBUSY = 16;
const PCI = "/sys/bus/pci";

export class FakePci implements KernelPort {
  readonly abi = abiProfile("x86_64", 4096);
  readonly drivers = new Set(["vfio-pci", "nvme", "e1000e"]);
  readonly openGroups = new Set<number>();
  readonly texts = new Map<string, string | number>();
  readonly links = new Map<string, string | number>();
  readonly devices: Map<string, FakeDevice>;
  readonly log: string[] = [];
  /** Called before each call with its number, from 1; a negative answer fails it. */
  fault: (call: number, what: string) => number = () => 0;

  constructor(devices: Record<string, FakeDevice>) {
    this.devices = new Map(Object.entries(devices));
  }

  /** All that a restore must bring back. */
  state(): string {
    return JSON.stringify([...this.devices]);
  }

  list(path: string): readonly string[] | number {
    const fault = this.#called(`list ${path}`);
    if (fault < 0) return fault;
    if (path === `${PCI}/devices`) return sorted(this.devices.keys());
    if (path === "/sys/kernel/iommu_groups") return this.#groups();
    if (path === "/dev/vfio") return sorted(["vfio", ...this.#nodes()]);
    if (path === "/sys/class/iommu") return ["dmar0"];
    const [, kind, name] = /^\/sys\/bus\/pci\/(devices|drivers)\/([^/]+)$/.exec(path) ?? [];
    const known = kind === "devices" ? this.devices : this.drivers;
    return name !== undefined && known.has(name) ? ["uevent"] : -ENOENT;
  }

  readLink(path: string): string | number {
    const fault = this.#called(`readlink ${path}`);
    if (fault < 0) return fault;
    const scripted = this.links.get(path);
    if (scripted !== undefined) return scripted;
    if (path === "/sys/class/iommu/dmar0") return "../../devices/virtual/iommu/dmar0";
    const [, address = "", name] = /devices\/([^/]+)\/(driver|iommu_group)$/.exec(path) ?? [];
    const device = this.devices.get(address);
    if (name === "driver" && device?.driver !== undefined)
      return `../../../bus/pci/drivers/${device.driver}`;
    if (name === "iommu_group" && device?.group !== undefined)
      return `../../../kernel/iommu_groups/${device.group}`;
    return -ENOENT;
  }

  readText(path: string): string | number {
    const fault = this.#called(`read ${path}`);
    if (fault < 0) return fault;
    const scripted = this.texts.get(path);
    if (scripted !== undefined) return scripted;
    const [, address = "", name] = /devices\/([^/]+)\/(\w+)$/.exec(path) ?? [];
    const device = this.devices.get(address);
    if (device === undefined) return -ENOENT;
    if (name === "driver_override") return `${device.override ?? "(null)"}\n`;
    const values: Record<string, string> = {
      vendor: "0x1234",
      device: "0x11e8",
      class: "0x00ff00",
    };
    const value = values[name ?? ""];
    return value === undefined ? -ENOENT : `${value}\n`;
  }

  writeText(path: string, text: string): number {
    const fault = this.#called(`write ${path} ${JSON.stringify(text)}`);
    return fault < 0 ? fault : this.#store(path, text);
  }

  open(path: string): number {
    const fault = this.#called(`open ${path}`);
    if (fault < 0) return fault;
    const group = Number(path.slice("/dev/vfio/".length));
    return this.openGroups.has(group) ? -EBUSY : 100;
  }

  close(): number {
    return 0;
  }

  ioctl(): number {
    return -ENODEV;
  }
  ioctlAsync(): Promise<number> {
    return Promise.resolve(-ENODEV);
  }
  readAt(): number {
    return -ENODEV;
  }
  writeAt(): number {
    return -ENODEV;
  }
  mapMemory(): HostMemory | number {
    return -ENODEV;
  }
  eventFd(): number {
    return -ENODEV;
  }
  waitEvent(): Promise<number> {
    return Promise.resolve(-ENODEV);
  }

  #called(what: string): number {
    this.log.push(what);
    return this.fault(this.log.length, what);
  }

  #store(path: string, text: string): number {
    const [, address = ""] = /devices\/([^/]+)\/driver_override$/.exec(path) ?? [];
    const device = this.devices.get(address === "" ? text : address);
    if (device === undefined) return -ENODEV;
    if (address !== "") device.override = text === "\n" ? undefined : text;
    else if (path === `${PCI}/drivers_probe`) this.#probe(device);
    else if (!this.#attach(path, device)) return -ENODEV;
    return text.length;
  }

  #attach(path: string, device: FakeDevice): boolean {
    const [, driver = "", verb] = /drivers\/([^/]+)\/(bind|unbind)$/.exec(path) ?? [];
    if (verb === "unbind" && device.driver === driver) device.driver = undefined;
    else if (verb === "bind" && device.driver === undefined && this.#wants(device) === driver)
      device.driver = driver;
    else return false;
    return true;
  }

  #probe(device: FakeDevice): void {
    const wants = this.#wants(device);
    if (device.driver === undefined && wants !== undefined && this.drivers.has(wants))
      device.driver = wants;
  }

  #wants(device: FakeDevice): string | undefined {
    return device.override ?? device.native;
  }

  #groups(): string[] {
    const groups = [...this.devices.values()].map((device) => device.group);
    return sorted(new Set(groups.filter((group) => group !== undefined).map(String)));
  }

  #nodes(): string[] {
    const bound = [...this.devices.values()].filter((device) => device.driver === "vfio-pci");
    return [...new Set(bound.map((device) => String(device.group)))];
  }
}

function sorted(names: Iterable<string>): string[] {
  return [...names].sort((a, b) => (a < b ? -1 : 1));
}
