// The simulated kernel: processes, devices, groups and VFIO over one machine's memory and IOMMU.
//
// It answers as Linux 6.12 does, errno by errno (type1.md), and deterministically. Not there yet:
// mapping of files, MSI-X, hot reset below a bridge, virtual functions, mediated devices' own
// pinning, no-IOMMU groups, iommufd, KVM; and the broken answers that 6.12 gives
// for mappings that end at 2^64 (type1.md 2.10), which no comparison may look at.

import type { ContainerDriverType } from "./drivers/driver.ts";
import type { Type1Parameters } from "./drivers/type1/state.ts";
import { type1Driver } from "./drivers/type1.ts";
import type { FrameSource } from "./frame-source.ts";
import type { IommuDriver } from "./iommu/domain.ts";
import { IommuGroup } from "./iommu-group.ts";
import type { MemoryPolicy } from "./map-memory.ts";
import { DriverCore, type PciDriverSpec } from "./pci/driver-core.ts";
import type { PciDevice } from "./pci/pci-device.ts";
import type { PciFunction } from "./pci/pci-function.ts";
import type { KernelAbi, KernelPort } from "./port-types.ts";
import { Process, type ProcessOptions } from "./process.ts";
import { type SystemCallFacts, systemCalls } from "./system-calls.ts";
import { VFIO_PCI, VfioCore } from "./vfio-core.ts";
import { vectorOfMessage } from "./vfio-interrupts.ts";
import { devfs } from "./vfs/devfs.ts";
import { directory } from "./vfs/nodes.ts";
import { procfs } from "./vfs/procfs.ts";
import { sysfs } from "./vfs/sysfs.ts";
import { Vfs } from "./vfs/vfs.ts";

/** One device of the machine. */
export interface PciDeviceSpec {
  readonly address: string;
  readonly requester: number;
  readonly function: PciFunction;
  /** The group's number; devices with the same number share it. */
  readonly group: number;
}

/** A device that a driver of the host makes up. */
export type MediatedDeviceSpec = Omit<PciDeviceSpec, "requester">;

/** What the kernel finds when it boots. */
export interface SimKernelOptions {
  readonly abi: KernelAbi;
  readonly frames: FrameSource;
  readonly iommu: IommuDriver;
  readonly devices: readonly PciDeviceSpec[];
  /** Mediated devices, each in a group of its own that has no IOMMU. */
  readonly mediated?: readonly MediatedDeviceSpec[];
  /** Ordinary drivers and what they bind to at boot. */
  readonly drivers?: readonly PciDriverSpec[];
  readonly seed?: number;
  readonly memoryLayout?: MemoryPolicy["layout"];
  /** Free huge pages by size in bytes. */
  readonly hugePages?: ReadonlyMap<number, number>;
  /** Which of VFIO is there: all, no Type1 driver, or no VFIO at all. */
  readonly vfio?: "loaded" | "without-type1" | "absent";
  readonly parameters?: Partial<Type1Parameters>;
  /** IOMMU types that were registered after Type1; asked before it. */
  readonly driverTypes?: readonly ContainerDriverType[];
  /** Permission bits of group nodes; default 0600. */
  readonly groupMode?: number;
}

/** A running process, from outside. */
export interface SimProcess {
  readonly port: KernelPort;
  readonly process: Process;
  /** Ends it: descriptors closed, memory unmapped; what devices still reach stays pinned. */
  exit(): void;
}

/** A mediated device sends nothing on the bus. */
const NO_REQUESTER = -1;
/** mmap starts below the stack of a Linux program; the seed moves it as the kernel's own does. */
const MMAP_TOP_PAGE = 0x7_fff0_0000;

/** One booted kernel; `process()` gives a port into it. */
export class SimKernel {
  readonly abi: KernelAbi;
  readonly processes: Process[] = [];
  readonly groups: readonly IommuGroup[];
  readonly drivers: DriverCore;
  readonly vfio: VfioCore | null;
  readonly parameters: Type1Parameters;
  readonly #seed: number;
  readonly #facts: SystemCallFacts;
  readonly #calls = new Map<string, number>();

  constructor(options: SimKernelOptions) {
    this.abi = options.abi;
    this.#seed = options.seed ?? 1;
    this.parameters = {
      dmaEntryLimit: 65_535,
      allowUnsafeInterrupts: false,
      disableHugepages: false,
      ...options.parameters,
    };
    this.vfio = options.vfio === "absent" ? null : new VfioCore(this.abi.byteOrder);
    this.groups = makeGroups(options);
    const physical = this.groups.filter((group) => !group.isMediated);
    const devices = physical.flatMap((group) => group.devices);
    this.drivers = new DriverCore(devices, driverSpecs(options, this.vfio), this.#hooks());
    for (const device of devices) options.iommu.block(device.requester);
    this.drivers.boot();
    for (const group of this.groups)
      if (group.isMediated) for (const device of group.devices) this.vfio?.bound(device);
    this.#facts = this.#systemCallFacts(options);
  }

  /** A new process; with `parent` it shares the parent's open files, as after a fork. */
  process(options: ProcessOptions = {}, parent?: Process): SimProcess {
    const pid = 100 + this.processes.length;
    const shift = (Math.imul(this.#seed + pid, 0x9e3779b1) >>> 12) & 0xf_ffff;
    const process = new Process(pid, MMAP_TOP_PAGE - shift, options);
    parent?.fds.shareWith(process.fds);
    this.processes.push(process);
    return { port: systemCalls(this.#facts, process), process, exit: () => process.exit() };
  }

  /** How often each call was made, an ioctl under its own name. */
  get calls(): ReadonlyMap<string, number> {
    return this.#calls;
  }

  /** A message-signalled interrupt arrived: the device's driver passes it on. */
  deliverMessage(requester: number, data: number): void {
    this.vfio?.deviceAt(requester)?.interrupts.message(vectorOfMessage(data));
  }

  #hooks(): ConstructorParameters<typeof DriverCore>[2] {
    return {
      probe: (device, driver) => {
        if (driver === VFIO_PCI) this.vfio?.bound(device);
        return 0;
      },
      remove: (device, driver) => {
        if (driver === VFIO_PCI) this.vfio?.unbound(device);
      },
    };
  }

  #systemCallFacts(options: SimKernelOptions): SystemCallFacts {
    const hasType1 = (options.vfio ?? "loaded") === "loaded";
    const own = hasType1 ? [type1Driver(this.abi.byteOrder, this.parameters)] : [];
    const types = [...(options.driverTypes ?? []), ...own];
    const type1 = hasType1 ? this.parameters : null;
    const sys = sysfs({ drivers: this.drivers, groups: this.groups, type1 });
    const dev = devfs({ vfio: this.vfio, types, groupMode: options.groupMode ?? 0o600 });
    const proc = procfs();
    return {
      abi: this.abi,
      vfs: new Vfs(directory(() => ({ dev, proc, sys }))),
      memory: {
        frames: options.frames,
        pageSize: this.abi.pageSize,
        layout: options.memoryLayout ?? "scattered",
        hugePages: new Map(options.hugePages),
      },
      count: (call) => this.#calls.set(call, (this.#calls.get(call) ?? 0) + 1),
    };
  }
}

function makeGroups(options: SimKernelOptions): readonly IommuGroup[] {
  const groups = new Map<number, IommuGroup>();
  for (const spec of options.devices) {
    const group = groups.get(spec.group) ?? new IommuGroup(spec.group, options.iommu);
    groups.set(spec.group, group);
    addDevice(group, spec);
  }
  for (const spec of options.mediated ?? []) {
    const group = new IommuGroup(spec.group, options.iommu, "mediated");
    groups.set(spec.group, group);
    addDevice(group, { ...spec, requester: NO_REQUESTER });
  }
  return [...groups.values()].sort((a, b) => a.id - b.id);
}

function addDevice(group: IommuGroup, spec: PciDeviceSpec): void {
  const device: PciDevice = {
    address: spec.address,
    requester: spec.requester,
    function: spec.function,
    group,
    driver: null,
    driverOverride: null,
  };
  group.devices.push(device);
}

/** vfio-pci takes only what it is told to take; pci-stub too. */
function driverSpecs(options: SimKernelOptions, vfio: VfioCore | null): readonly PciDriverSpec[] {
  const own = vfio === null ? [] : [{ name: VFIO_PCI, ids: [] }];
  return [...own, { name: "pci-stub", ids: [] }, ...(options.drivers ?? [])];
}
