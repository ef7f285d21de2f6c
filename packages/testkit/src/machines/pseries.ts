// An LPAR that uses VFIO itself: a guest kernel over a hypervisor's TCE tables, with huge pages.

import { PaprHypervisor, QEMU_DEFAULT_WINDOW } from "../hardware/tce/papr-hypervisor.ts";
import { spaprDriver } from "../kernel/drivers/spapr.ts";
import { PseriesDriver } from "../kernel/iommu/pseries-driver.ts";
import type { Machine, MachineOptions } from "./machine.ts";
import { pseriesDeviceTree } from "./power-device-tree.ts";
import { ppc64le } from "./powernv.ts";

/** What may differ between LPARs. */
export interface PseriesMachineOptions extends MachineOptions {
  /** Bytes of the kernel's page. Default 4096. */
  readonly pageSize?: 4096 | 65536;
  /**
   * Bytes of each group's default window, 4 KiB pages from bus address 0: a power of two from 4 KiB to
   * 2 GiB. Firmware tells it in `ibm,dma-window`; QEMU's bridge has it as `dma_win_size`. Default 1 GiB.
   */
  readonly defaultWindowSize?: number;
}

const LEAST_DEFAULT_WINDOW: number = 2 ** 12;
/** The kernel keeps the size in 32 bits (tce32_size of struct iommu_table_group). */
const MOST_DEFAULT_WINDOW: number = 2 ** 31;

/**
 * A QEMU pseries guest.
 *
 * Throws a RangeError for a default window that no partition has.
 */
export function pseries(options: PseriesMachineOptions = {}): Machine {
  const abi = ppc64le(options.pageSize ?? 4096);
  const defaultWindowSize = options.defaultWindowSize ?? QEMU_DEFAULT_WINDOW;
  checkDefaultWindow(defaultWindowSize);
  return {
    target: "sim/pseries",
    abi,
    registerOrder: "big",
    // The partition's firmware enables memory alone.
    firmwareCommand: 0x002,
    options,
    buildIommu() {
      const hardware = new PaprHypervisor(defaultWindowSize);
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

function checkDefaultWindow(size: number): void {
  const isInRange = size >= LEAST_DEFAULT_WINDOW && size <= MOST_DEFAULT_WINDOW;
  if (!isInRange || !Number.isInteger(Math.log2(size)))
    throw new RangeError(`a default window of ${size} bytes: no power of two from 4 KiB to 2 GiB`);
}
