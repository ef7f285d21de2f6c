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
import type { DeviceTreeNode } from "./vfs/device-tree.ts";
import { MemoryFiles } from "./vfs/memory-files.ts";
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
  /** How huge pages of one mapping lie to each other. Default contiguous. */
  readonly hugePageLayout?: MemoryPolicy["hugePageLayout"];
  /** Which of VFIO is there: all, no Type1 driver, or no VFIO at all. */
  readonly vfio?: "loaded" | "without-type1" | "absent";
  readonly parameters?: Partial<Type1Parameters>;
  /** The kernel's own IOMMU types; default Type1. */
  readonly containerTypes?: readonly ContainerDriverType[];
  /** What firmware says of the machine; default no device tree. */
  readonly deviceTree?: DeviceTreeNode;
  /** IOMMU types that were registered after the kernel's own; asked before them. */
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
const MMAP_TOP = {
  64: { page: 0x7_fff0_0000, shift: 0xf_ffff },
  32: { page: 0xb_ff00, shift: 0x7ff },
};

/** One booted kernel; `process()` gives a port into it. */
export class SimKernel {
  readonly abi: KernelAbi;
  readonly processes: Process[] = [];
  readonly groups: readonly IommuGroup[];
  readonly drivers: DriverCore;
  readonly vfio: VfioCore | null;
  readonly parameters: Type1Parameters;
  /** Files that a test may put under /tmp and map. */
  readonly files: MemoryFiles;
  readonly #seed: number;
  readonly #facts: SystemCallFacts;
  readonly #calls = new Map<string, number>();

  constructor(options: SimKernelOptions) {
    this.abi = options.abi;
    this.files = new MemoryFiles(options.frames, options.abi.pageSize);
    this.#seed = options.seed ?? 1;
    this.parameters = {
      dmaEntryLimit: 65_535,
      allowUnsafeInterrupts: false,
      disableHugepages: false,
      ...options.parameters,
    };
    this.vfio = options.vfio === "absent" ? null : new VfioCore(this.abi);
    this.groups = makeGroups(options);
    const physical = this.groups.filter((group) => !group.isMediated);
    const devices = physical.flatMap((group) => group.devices);
    this.drivers = new DriverCore(devices, driverSpecs(options, this.vfio), this.#hooks());
    const { iommu } = options;
    for (const { requester, group } of devices)
      if (iommu.adopt === undefined) iommu.block(requester);
      else iommu.adopt(requester, group.id);
    this.drivers.boot();
    for (const group of this.groups)
      if (group.isMediated) for (const device of group.devices) this.vfio?.bound(device);
    this.#facts = this.#systemCallFacts(options);
  }

  /** A new process; with `parent` it shares the parent's open files, as after a fork. */
  process(options: ProcessOptions = {}, parent?: Process): SimProcess {
    const pid = 100 + this.processes.length;
    const top = MMAP_TOP[this.abi.wordBits];
    const shift = (Math.imul(this.#seed + pid, 0x9e3779b1) >>> 12) & top.shift;
    const process = new Process(pid, top.page - shift, options);
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
    this.deliverVector(requester, vectorOfMessage(data));
  }

  /** The nth of a device's messages arrived by the machine's own interrupt controller. */
  deliverVector(requester: number, vector: number): void {
    this.vfio?.deviceAt(requester)?.interrupts.message(vector);
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
    const hasOwn = (options.vfio ?? "loaded") === "loaded";
    const hasType1 = hasOwn && options.containerTypes === undefined;
    const type1 = hasType1 ? this.parameters : null;
    const own = type1 === null ? options.containerTypes : [type1Driver(this.abi.byteOrder, type1)];
    const types = [...(options.driverTypes ?? []), ...(hasOwn ? (own ?? []) : [])];
    const { deviceTree } = options;
    const sys = sysfs({ drivers: this.drivers, groups: this.groups, type1, deviceTree });
    const dev = devfs({ vfio: this.vfio, types, groupMode: options.groupMode ?? 0o600 });
    const proc = procfs(this.abi.wordBits, deviceTree);
    return {
      abi: this.abi,
      vfs: new Vfs(directory(() => ({ dev, proc, sys, tmp: this.files.directory }))),
      memory: {
        frames: options.frames,
        pageSize: this.abi.pageSize,
        layout: options.memoryLayout ?? "scattered",
        hugePages: new Map(options.hugePages),
        hugePageLayout: options.hugePageLayout ?? "contiguous",
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
