// An LPAR that uses VFIO itself: a guest kernel over a hypervisor's TCE tables, with huge pages.

import { PaprHypervisor } from "../hardware/tce/papr-hypervisor.ts";
import { spaprDriver } from "../kernel/drivers/spapr.ts";
import { PseriesDriver } from "../kernel/iommu/pseries-driver.ts";
import type { Machine, MachineOptions } from "./machine.ts";
import { pseriesDeviceTree } from "./power-device-tree.ts";
import { ppc64le } from "./powernv.ts";

/** What may differ between LPARs. */
export interface PseriesMachineOptions extends MachineOptions {
  /** Bytes of the kernel's page. Default 4096. */
  readonly pageSize?: 4096 | 65536;
}

/** A QEMU pseries guest. */
export function pseries(options: PseriesMachineOptions = {}): Machine {
  const abi = ppc64le(options.pageSize ?? 4096);
  return {
    target: "sim/pseries",
    abi,
    registerOrder: "big",
    // The partition's firmware enables memory alone.
    firmwareCommand: 0x002,
    options,
    buildIommu() {
      const hardware = new PaprHypervisor();
      const driver = new PseriesDriver(hardware);
      const type = spaprDriver({
        order: abi.byteOrder,
        hostShift: Math.log2(abi.pageSize),
        eeh: "absent",
        tableGroup: ({ devices }) => driver.tableGroup(devices[0]?.requester ?? -1),
      });
      return { hardware, driver, containerTypes: [type], deviceTree: pseriesDeviceTree() };
    },
  };
}
