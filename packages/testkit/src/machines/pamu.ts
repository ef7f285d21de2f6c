// A QorIQ machine with PAMUs: P4080 (32-bit) or T4240 (64-bit), big-endian, and a kernel of choice.
//
// `sdk-compat` is Freescale's vendor kernel with its VFIO driver as it is; `strict` the same ABI with
// honest answers; `mainline` Linux 6.12, which has no VFIO driver for PAMU and isolates nothing. Each
// group of devices is behind a PCI Express controller of its own, whose LIODN all its functions share.

import { PCIE_LIODN } from "../hardware/pamu/guts.ts";
import { QoriqPamus } from "../hardware/pamu/qoriq-pamus.ts";
import type { PamuErrata } from "../hardware/pamu/soc.ts";
import type { ContainerDriverType } from "../kernel/drivers/driver.ts";
import { mainlineType1 } from "../kernel/drivers/pamu/mainline-type1.ts";
import { pamuDriverType } from "../kernel/drivers/pamu.ts";
import { ALL_WINDOWS, type DomainRelease } from "../kernel/iommu/pamu/domain.ts";
import { type PamuDevice, PamuDriver, type PamuMode } from "../kernel/iommu/pamu/driver.ts";
import { MsiController } from "../kernel/iommu/pamu/msi-controller.ts";
import { P4080, type PamuSoc, T4240 } from "../kernel/iommu/pamu/soc.ts";
import type { KernelAbi } from "../kernel/port-types.ts";
import { SimulatedHang } from "../kernel/vfio-core.ts";
import type { PhysicalMemory } from "../memory/physical-memory.ts";
import { SeededRandom } from "../memory/random.ts";
import type { BuiltIommu, Machine, MachineOptions } from "./machine.ts";
import { pamuDeviceTree } from "./pamu-device-tree.ts";

/** Freescale's releases, which differ in the number of the IOMMU type and in a few answers. */
export type PamuRelease = "sdk-1.4" | "sdk-1.6" | "sdk-2.0";

/** What may differ between QorIQ machines. */
export interface PamuMachineOptions extends MachineOptions {
  /** Default `t4240`: 64 bits, six PAMUs, four MSI banks. `p4080`: 32 bits, five, three. */
  readonly soc?: "p4080" | "t4240";
  /**
   * Default `strict`. `mainline-type1` is Linux 6.12 with Type1 built in, which its own configuration
   * does not do on these machines.
   */
  readonly mode?: PamuMode | "mainline-type1";
  /** vfio_iommu_type1.allow_unsafe_interrupts of `mainline-type1`. Default refused. */
  readonly unsafeInterrupts?: "allowed" | "refused";
  /** Default `sdk-2.0`, Linux 4.1, whose type is 7; `sdk-1.6` has 1000, `sdk-1.4` 2. */
  readonly release?: PamuRelease;
  /** Most windows of an aperture. 16 is revision 1 of the P4080. Default 256. */
  readonly windows?: 16 | 256;
  /**
   * What the kernel does with a device after a violation. Default `cut-off`, as Linux does: it is
   * blocked until its container is resumed. `report` only logs it, for probes that look at every address.
   */
  readonly violations?: "cut-off" | "report";
  /** Switches of the silicon; default those of the SoC. */
  readonly errata?: Partial<PamuErrata>;
  /** LIODNs of each PCI Express controller, as firmware would set them. Default 0x10, 0x20, 0x30. */
  readonly liodns?: readonly (readonly number[])[];
}

/** Each release's IOMMU type of VFIO. */
export const PAMU_EXTENSIONS: Readonly<Record<PamuRelease, 2 | 1000 | 7>> = {
  "sdk-1.4": 2,
  "sdk-1.6": 1000,
  "sdk-2.0": 7,
};

const RELEASES: Readonly<Record<PamuRelease, DomainRelease>> = {
  "sdk-1.4": { stash: "of-the-domain", afterDetach: "blocked" },
  "sdk-1.6": { stash: "of-the-domain", afterDetach: "blocked" },
  "sdk-2.0": { stash: "of-windows", afterDetach: "identity" },
};
/** Strict gives nothing back to a device that left. */
const STRICT_RELEASE: DomainRelease = { stash: "of-windows", afterDetach: "blocked" };

/** The devices of every simulated machine: group 2, group 3, and two functions in group 4. */
const CONTROLLER_OF: ReadonlyMap<number, number> = new Map([
  [0x10, 0],
  [0x18, 1],
  [0x20, 2],
  [0x21, 2],
]);
const LIODNS: readonly (readonly number[])[] = [[0x10], [0x20], [0x30]];

/** Sizes of huge pages on these cores, and how many are free: 1 GiB of each. */
const MEBIBYTE = 1024 * 1024;
const HUGE_PAGES: ReadonlyMap<number, number> = new Map(
  [4, 16, 64, 256, 1024].map((size) => [size * MEBIBYTE, 1024 / size]),
);
/** An interrupt that is still raised after so many answers will be raised for ever. */
const MOST_ANSWERS = 16;

/** Describes a machine; `simulatedHost` runs it. */
export function pamu(options: PamuMachineOptions = {}): Machine {
  const soc = options.soc === "p4080" ? P4080 : T4240;
  return {
    target: "sim/pamu",
    abi: abiOf(soc),
    addressBits: soc.addressBits,
    registerOrder: "big",
    options: {
      blockedReads: "ones",
      hugePages: HUGE_PAGES,
      hugePageLayout: "scattered",
      ...options,
    },
    buildIommu: (memory) => build(memory, soc, options),
  };
}

function abiOf({ wordBits }: PamuSoc): KernelAbi {
  const arch = wordBits === 32 ? "ppc32" : "ppc64";
  return { arch, byteOrder: "big", wordBits, pageSize: 4096, ioctlEncoding: "powerpc" };
}

function build(memory: PhysicalMemory, soc: PamuSoc, options: PamuMachineOptions): BuiltIommu {
  const liodns = options.liodns ?? LIODNS;
  const hardware = makeHardware(memory, soc, options, () => answer(hardware, driver));
  for (const [controller, [liodn = 0]] of liodns.entries())
    hardware.guts.registers.write(PCIE_LIODN + 4 * controller, liodn);
  const messages = new MsiController(soc.msiBanks);
  const driver = makeDriver({ memory, soc, options, hardware, messages, liodns });
  HARDWARE.set(driver, hardware);
  return {
    hardware,
    driver,
    containerTypes: containerTypes(driver, options),
    deviceTree: pamuDeviceTree(
      soc,
      liodns.map((each) => ({ liodns: each, pamu: 0 })),
    ),
    registerPages: messages,
    connectMessages: (deliver) => messages.connect(deliver),
  };
}

/** The kernel's IOMMU types of VFIO. */
function containerTypes(
  driver: PamuDriver,
  options: PamuMachineOptions,
): readonly ContainerDriverType[] {
  if (options.mode === "mainline") return [];
  if (options.mode === "mainline-type1")
    return [
      mainlineType1({
        driver,
        order: "big",
        unsafeInterrupts: options.unsafeInterrupts ?? "refused",
      }),
    ];
  const extension = PAMU_EXTENSIONS[options.release ?? "sdk-2.0"];
  const random = new SeededRandom(options.seed ?? 1);
  const garbage = (): number => [ALL_WINDOWS, 0, 0x1000][random.below(3)] ?? ALL_WINDOWS;
  return [pamuDriverType({ driver, order: "big", extension, garbage })];
}

function makeHardware(
  memory: PhysicalMemory,
  { name }: PamuSoc,
  { windows, errata }: PamuMachineOptions,
  onViolation: () => void,
): QoriqPamus {
  return new QoriqPamus({
    memory,
    soc: name === "p4080" && windows === 16 ? "p4080-rev1" : name,
    controllerOf: (requester) => CONTROLLER_OF.get(requester) ?? -1,
    ...(errata === undefined ? {} : { errata }),
    onInterrupt: (line) => {
      if (line === "violation") onViolation();
    },
  });
}

interface Parts {
  readonly memory: PhysicalMemory;
  readonly soc: PamuSoc;
  readonly options: PamuMachineOptions;
  readonly hardware: QoriqPamus;
  readonly messages: MsiController;
  readonly liodns: readonly (readonly number[])[];
}

function makeDriver({ memory, soc, options, hardware, messages, liodns }: Parts): PamuDriver {
  const mode = options.mode === "mainline-type1" ? "mainline" : (options.mode ?? "strict");
  const release = options.release ?? "sdk-2.0";
  const devices = [...CONTROLLER_OF].map(
    ([requester, controller]): PamuDevice => ({
      requester,
      controller,
      liodns: liodns[controller] ?? [],
    }),
  );
  return new PamuDriver({
    frames: memory,
    soc,
    mode,
    release: mode === "strict" ? STRICT_RELEASE : RELEASES[release],
    stashWindow: mode !== "strict" && release === "sdk-2.0" ? "uninitialised" : "all",
    violations: options.violations === "report" ? "reported" : "cut-off",
    registers: hardware.registers,
    guts: hardware.guts.registers,
    devices,
    messages,
  });
}

/** The line is a level: the handler runs until it is low. */
function answer(hardware: QoriqPamus, driver: PamuDriver): void {
  for (let times = 0; hardware.isRaised("violation"); times++) {
    if (times === MOST_ANSWERS) throw new SimulatedHang("PAMU's interrupt never goes low");
    driver.onViolation();
  }
}

const HARDWARE = new WeakMap<PamuDriver, QoriqPamus>();

/** The hardware under a driver, for tests that look at registers. */
export function hardwareOf(driver: PamuDriver): QoriqPamus {
  const hardware = HARDWARE.get(driver);
  if (hardware === undefined) throw new Error("this driver was not made by pamu()");
  return hardware;
}
