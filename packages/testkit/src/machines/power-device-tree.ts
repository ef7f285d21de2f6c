// The device trees of simulated POWER machines, as far as programs tell platforms apart by them.
//
// Linux finds its platform by them: `ibm,opal` is there on bare metal, `rtas` in a partition. The values
// are those of QEMU's machines.

import { cells, type DeviceTreeNode, strings } from "../kernel/vfs/device-tree.ts";

/** Bare metal with OPAL firmware. */
export function powernvDeviceTree(): DeviceTreeNode {
  return tree({
    model: "IBM PowerNV (emulated by qemu)",
    compatible: ["qemu,powernv9", "ibm,powernv"],
    firmware: ["ibm,opal", { properties: { compatible: strings("ibm,opal", "ibm,opal-v3") } }],
  });
}

/** A partition under a PAPR hypervisor. */
export function pseriesDeviceTree(): DeviceTreeNode {
  return tree({
    model: "IBM pSeries (emulated by qemu)",
    compatible: ["qemu,pseries"],
    firmware: ["rtas", { properties: { "rtas-version": cells(1) } }],
  });
}

function tree(machine: {
  readonly model: string;
  readonly compatible: readonly string[];
  readonly firmware: readonly [name: string, DeviceTreeNode];
}): DeviceTreeNode {
  const [name, firmware] = machine.firmware;
  return {
    properties: {
      model: strings(machine.model),
      compatible: strings(...machine.compatible),
      "#address-cells": cells(2),
      "#size-cells": cells(2),
    },
    children: { chosen: {}, cpus: {}, "memory@0": {}, [name]: firmware },
  };
}
