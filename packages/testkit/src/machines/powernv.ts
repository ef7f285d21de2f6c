// Bare-metal POWER machines: PHB4 (POWER9) or PHB3 (POWER8), firmware, kernel pages of 4 or 64 KiB.

import { Opal } from "../hardware/tce/opal.ts";
import { type FaultModel, Phb, type PhbModel } from "../hardware/tce/phb.ts";
import { spaprDriver } from "../kernel/drivers/spapr.ts";
import { PowernvDriver, type PowernvDriverOptions } from "../kernel/iommu/powernv-driver.ts";
import type { KernelAbi } from "../kernel/port-types.ts";
import type { Machine, MachineOptions } from "./machine.ts";
import { powernvDeviceTree } from "./power-device-tree.ts";

/** What may differ between bare-metal POWER machines. */
export interface PowernvMachineOptions extends MachineOptions {
  /** Default phb4. */
  readonly phb?: PhbModel;
  /** What a refused DMA does. Default `qemu`, as the machines on which programs are compared. */
  readonly faultModel?: FaultModel;
  /** `off` is the kernel's parameter iommu=nobypass. Default on. */
  readonly hostBypass?: "on" | "off";
  /** Entries of the TCE cache, a power of two. */
  readonly cacheEntries?: number;
  /** Tables below the top that each window may still allocate; default as many as it takes. */
  readonly spareTables?: number;
}

/** Little-endian 64-bit POWER at a kernel page size. */
export function ppc64le(pageSize: 4096 | 65536): KernelAbi {
  return { arch: "ppc64le", byteOrder: "little", wordBits: 64, pageSize, ioctlEncoding: "powerpc" };
}

/** A POWER9 host with 4 KiB pages. */
export function powernv(options: PowernvMachineOptions = {}): Machine {
  return machine("sim/powernv", 4096, options);
}

/** A POWER9 host with 64 KiB pages. */
export function powernv64k(options: PowernvMachineOptions = {}): Machine {
  return machine("sim/powernv-64k", 65536, options);
}

function machine(target: string, pageSize: 4096 | 65536, options: PowernvMachineOptions): Machine {
  const faultModel = options.faultModel ?? "qemu";
  const abi = ppc64le(pageSize);
  return {
    target,
    abi,
    registerOrder: "big",
    // Firmware enables memory, and the report of system errors.
    firmwareCommand: 0x102,
    options: {
      // QEMU's powernv9 has a radix MMU without huge pages; a bridge answers ones, QEMU zeros.
      hugePages: new Map(),
      blockedReads: faultModel === "freeze" ? "ones" : "zeros",
      ...options,
    },
    buildIommu(memory) {
      const { phb = "phb4", cacheEntries } = options;
      const cache = cacheEntries === undefined ? {} : { cacheEntries };
      const hardware = new Phb({ memory, model: phb, faultModel, ...cache });
      const opal = new Opal(hardware, memory);
      const driver = new PowernvDriver({ memory, opal, pageSize, ...driverOptions(options) });
      const type = spaprDriver({
        order: abi.byteOrder,
        hostShift: Math.log2(pageSize),
        eeh: "enabled",
        tableGroup: ({ devices }) => driver.tableGroup(devices[0]?.requester ?? -1),
      });
      return {
        hardware,
        driver,
        containerTypes: [type],
        deviceTree: powernvDeviceTree(),
        silence: (requester) => driver.silence(requester),
      };
    },
  };
}

function driverOptions(
  options: PowernvMachineOptions,
): Omit<PowernvDriverOptions, "memory" | "opal" | "pageSize"> {
  const { hostBypass, spareTables, faultModel = "qemu" } = options;
  return {
    resetByte: faultModel === "qemu" ? 0 : 0xff,
    ...(hostBypass === undefined ? {} : { hostBypass }),
    ...(spareTables === undefined ? {} : { spareTables }),
  };
}
