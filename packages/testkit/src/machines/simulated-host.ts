// A running machine: kernel, IOMMU, memory and four edu devices in three groups.
//
// Groups 2 and 3 have one device each. Group 4 has two, of which the second may belong to an
// ordinary driver, so that the group is not viable. All others are bound to vfio-pci.

import { EduDevice } from "../devices/edu.ts";
import { RogueDevice } from "../devices/rogue.ts";
import type { DmaFault } from "../hardware/iommu-hardware.ts";
import type { ContainerDriverType, MappingReport } from "../kernel/drivers/driver.ts";
import type { Type1Parameters } from "../kernel/drivers/type1/state.ts";
import {
  type LeakedDescriptor,
  liveMappings,
  lockedBytes,
  openDescriptors,
  pinnedPages,
} from "../kernel/inspect.ts";
import type { KernelPort } from "../kernel/port-types.ts";
import type { Process, ProcessOptions } from "../kernel/process.ts";
import { type PciDeviceSpec, SimKernel, type SimProcess } from "../kernel/sim-kernel.ts";
import { DmaBus } from "../memory/bus.ts";
import { PhysicalMemory, type StrayAccess } from "../memory/physical-memory.ts";
import type { BuiltIommu, Machine } from "./machine.ts";
import { MEDIATED_DEVICE, mediatedFunction } from "./mediated-function.ts";
import { pciFunction } from "./pci-adapter.ts";
import { type RawDma, rawDma } from "./raw-dma.ts";

/** What may differ between runs of one machine. */
export interface HostOptions {
  /** The first process. Default root with every capability. */
  readonly process?: ProcessOptions;
  /** Whether group 4's second device belongs to an ordinary driver. Default viable. */
  readonly sharedGroup?: "viable" | "kernel-driver";
  /** Whether there is also a mediated device, in group 5. Default none. */
  readonly mediatedGroup?: "present" | "none";
  /** Who has the devices at the start. Default vfio-pci. */
  readonly bound?: "vfio-pci" | "none";
  /** Which of VFIO the kernel has. Default all of it. */
  readonly vfio?: "loaded" | "without-type1" | "absent";
  readonly parameters?: Partial<Type1Parameters>;
  /** IOMMU types besides Type1: how a new architecture's kernel driver is tried out. */
  readonly driverTypes?: readonly ContainerDriverType[];
  /** Permission bits of group nodes. Default 0600. */
  readonly groupMode?: number;
}

/** One device as programs for any target see it. */
export interface HostDevice {
  readonly address: string;
  readonly group: number;
  readonly kind: "edu" | "mdev";
}

/** What a test may look at; none of it counts as a call. */
export interface Inspection {
  mappings(): readonly MappingReport[];
  openDescriptors(): readonly LeakedDescriptor[];
  lockedBytes(): number;
  pinnedPages(): number;
  /** Frames that page tables, rings and the like take now. */
  tableFrames(): number;
  /** Since the last call: accesses that met no live memory. */
  strayAccesses(): readonly StrayAccess[];
  /** Since the last call: accesses that the IOMMU stopped. */
  faults(): readonly DmaFault[];
  /** Since the last call: transfers that would bring a real machine down. */
  misuses(): readonly string[];
}

/** The running world. */
export interface SimulatedHost {
  readonly target: string;
  /** System calls of the first process. */
  readonly port: KernelPort;
  readonly process: Process;
  readonly kernel: SimKernel;
  readonly memory: PhysicalMemory;
  /** Devices bound to vfio-pci at the start. */
  readonly devices: readonly HostDevice[];
  readonly inspect: Inspection;
  /** How often each call was made, an ioctl under its own name. */
  readonly calls: ReadonlyMap<string, number>;
  /** A device that tries whatever it can, under the identity of this one. */
  rogue(address: string): RogueDevice;
  /** Single accesses under the identity of this device. */
  dma(address: string): RawDma;
  newProcess(options?: ProcessOptions, parent?: Process): SimProcess;
}

const PLACES: readonly { readonly address: string; readonly group: number }[] = [
  { address: "0000:00:02.0", group: 2 },
  { address: "0000:00:03.0", group: 3 },
  { address: "0000:00:04.0", group: 4 },
  { address: "0000:00:04.1", group: 4 },
];
const SHARED_ADDRESS = "0000:00:04.1";
/** An ordinary driver that takes only what it is told to take. */
export const KERNEL_DRIVER = "uio_pci_generic";
const MEDIATED = { address: MEDIATED_DEVICE, group: 5 };
const FIRST_BAR = 0xfd00_0000;
const BAR_STRIDE = 0x10_0000;
const HUGE_PAGES: ReadonlyMap<number, number> = new Map([[2 * 1024 * 1024, 64]]);

/** Boots a machine: kernel, IOMMU, memory, devices and a first process. */
export function simulatedHost(machine: Machine, options: HostOptions = {}): SimulatedHost {
  const memory = new PhysicalMemory({
    seed: machine.options.seed ?? 1,
    ...(machine.addressBits === undefined ? {} : { addressBits: machine.addressBits }),
  });
  const iommu = machine.buildIommu(memory);
  const bus = new DmaBus({
    hardware: iommu.hardware,
    memory,
    blockedReads: machine.options.blockedReads ?? "zeros",
    ...(iommu.registerPages === undefined ? {} : { registerPages: iommu.registerPages }),
  });
  const edus = PLACES.map(({ address }) => makeEdu(machine, bus, requesterOf(address)));
  const kernel: SimKernel = makeKernel(
    { machine, options, memory, iommu, bus, edus },
    (...message) => kernel.deliverMessage(...message),
  );
  iommu.connectMessages?.((requester, message) => kernel.deliverVector(requester, message));
  bindDevices(kernel, options);
  const first = kernel.process(options.process);
  /** By address, since a history asks for the same four hundreds of thousands of times. */
  const wires = new Map<string, RawDma>();
  return {
    target: machine.target,
    port: first.port,
    process: first.process,
    kernel,
    memory,
    devices: vfioDevices(kernel),
    inspect: inspection(kernel, { memory, iommu, edus }),
    calls: kernel.calls,
    rogue: (address) => new RogueDevice(bus, requesterOf(address)),
    dma: (address) => {
      const known = wires.get(address);
      if (known !== undefined) return known;
      const wire = rawDma(bus, requesterOf(address));
      wires.set(address, wire);
      return wire;
    },
    newProcess: (processOptions, parent) => kernel.process(processOptions, parent),
  };
}

interface Parts {
  readonly machine: Machine;
  readonly options: HostOptions;
  readonly memory: PhysicalMemory;
  readonly iommu: BuiltIommu;
  readonly bus: DmaBus;
  readonly edus: readonly EduDevice[];
}

function makeKernel(parts: Parts, onMessage: (requester: number, data: number) => void): SimKernel {
  const { machine, options, memory, iommu, bus, edus } = parts;
  const devices = edus.map((edu, index): PciDeviceSpec => {
    const place = PLACES[index];
    const barAddress = FIRST_BAR + index * BAR_STRIDE;
    const functionReset = machine.options.functionReset ?? "none";
    return {
      address: place?.address ?? "",
      group: place?.group ?? 0,
      requester: edu.requester,
      function: pciFunction(edu, {
        bus,
        onMessage,
        barAddress,
        firmwareCommand: machine.firmwareCommand,
        functionReset,
        silence: () => iommu.silence?.(edu.requester),
      }),
    };
  });
  return new SimKernel({
    abi: machine.abi,
    frames: memory,
    iommu: iommu.driver,
    devices,
    mediated:
      options.mediatedGroup === "present" ? [{ ...MEDIATED, function: mediatedFunction() }] : [],
    drivers: [{ name: KERNEL_DRIVER, ids: [] }],
    seed: machine.options.seed ?? 1,
    memoryLayout: machine.options.memoryLayout ?? "scattered",
    hugePages: machine.options.hugePages ?? HUGE_PAGES,
    hugePageLayout: machine.options.hugePageLayout ?? "contiguous",
    ...(iommu.containerTypes === undefined ? {} : { containerTypes: iommu.containerTypes }),
    ...(iommu.deviceTree === undefined ? {} : { deviceTree: iommu.deviceTree }),
    vfio: options.vfio ?? "loaded",
    parameters: options.parameters ?? {},
    driverTypes: options.driverTypes ?? [],
    groupMode: options.groupMode ?? 0o600,
  });
}

function makeEdu(machine: Machine, bus: DmaBus, requester: number): EduDevice {
  const { completionPolls, dmaMask } = machine.options;
  return new EduDevice({
    bus,
    requester,
    completionPolls: completionPolls ?? 0,
    byteOrder: machine.registerOrder ?? "little",
    ...(dmaMask === undefined ? {} : { dmaMask }),
  });
}

/** What an administrator would have done by driver_override and drivers_probe. */
function bindDevices(kernel: SimKernel, options: HostOptions): void {
  for (const device of kernel.drivers.devices) {
    const isKernels = options.sharedGroup === "kernel-driver" && device.address === SHARED_ADDRESS;
    if (!isKernels && options.bound === "none") continue;
    device.driverOverride = isKernels ? KERNEL_DRIVER : "vfio-pci";
    kernel.drivers.probe(device.address);
  }
}

function vfioDevices(kernel: SimKernel): readonly HostDevice[] {
  const physical = kernel.drivers.boundTo("vfio-pci");
  const mediated = kernel.groups.filter((group) => group.isMediated);
  return [
    ...physical.map(({ address, group }) => ({ address, group: group.id, kind: "edu" as const })),
    ...mediated.flatMap(({ id, devices }) =>
      devices.map(({ address }) => ({ address, group: id, kind: "mdev" as const })),
    ),
  ];
}

function inspection(
  kernel: SimKernel,
  parts: Pick<Parts, "memory" | "iommu" | "edus">,
): Inspection {
  return {
    mappings: () => liveMappings(kernel),
    openDescriptors: () => openDescriptors(kernel),
    lockedBytes: () => lockedBytes(kernel),
    pinnedPages: () => pinnedPages(kernel),
    tableFrames: () => parts.memory.tables.inUse + parts.memory.chunks.framesInUse,
    strayAccesses: () => parts.memory.takeStrayAccesses(),
    faults: () => parts.iommu.hardware.takeFaults(),
    misuses: () => parts.edus.flatMap((edu) => edu.takeMisuses().map(({ what }) => what)),
  };
}

/** `dddd:bb:dd.f` as bus, device and function. */
function requesterOf(address: string): number {
  const [, bus = 0, device = 0, fn = 0] = address
    .split(/[:.]/)
    .map((part) => Number.parseInt(part, 16));
  return (bus << 8) | (device << 3) | fn;
}
