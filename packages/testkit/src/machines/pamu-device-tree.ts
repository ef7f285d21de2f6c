// The device tree of a simulated QorIQ machine, as far as programs look for PAMUs, CPUs and caches.
//
// Names and properties as in Linux's arch/powerpc/boot/dts/fsl and in its bindings (powerpc/fsl/pamu.txt,
// msi-pic.txt); U-Boot adds `fsl,liodn` and `cache-stash-id`.

import { CCSR, PAMU_AT, PAMU_BYTES, type PamuSoc } from "../kernel/iommu/pamu/soc.ts";
import { STASH_L1, STASH_L2, STASH_L3, stashId } from "../kernel/iommu/pamu/stash.ts";
import { cells, type DeviceTreeNode, strings } from "../kernel/vfs/device-tree.ts";

/** Phandles are the machine's own choice. */
const PAMU_HANDLE = 0x100;
const MSI_HANDLE = 0x200;
const CACHE_HANDLE = 0x300;
const PCIE_AT = 0x20_0000;
const PCIE_STRIDE = 0x1000;
/** Bits of a LIODN that the SoC has. */
const LIODN_BITS = 12;
const GUTS_LIODN = 0xe_0500;

/** One PCI Express controller: its LIODNs, and the PAMU it is wired to. */
export interface ControllerFacts {
  readonly liodns: readonly number[];
  readonly pamu: number;
}

export function pamuDeviceTree(
  soc: PamuSoc,
  controllers: readonly ControllerFacts[],
): DeviceTreeNode {
  const pcie = controllers.map((controller, index): [string, DeviceTreeNode] => [
    `pcie@${(CCSR + PCIE_AT + index * PCIE_STRIDE).toString(16)}`,
    pcieNode(soc, controller, index),
  ]);
  return {
    properties: {
      compatible: strings(soc.compatible),
      model: strings(soc.compatible),
      "#address-cells": cells(2),
      "#size-cells": cells(2),
    },
    children: {
      cpus: { children: cpuNodes(soc) },
      [`soc@${(CCSR % 2 ** 32).toString(16)}`]: socNode(soc),
      ...Object.fromEntries(pcie),
    },
  };
}

function pcieNode(soc: PamuSoc, { liodns, pamu }: ControllerFacts, index: number): DeviceTreeNode {
  const bank = index % soc.msiBanks.length;
  return {
    properties: {
      compatible: strings(`fsl,${soc.name}-pcie`, "fsl,qoriq-pcie"),
      device_type: strings("pci"),
      "fsl,iommu-parent": cells(PAMU_HANDLE + pamu),
      "fsl,liodn-reg": cells(GUTS_LIODN, 0x500 + 4 * index),
      "fsl,msi": cells(MSI_HANDLE + bank),
      ...(liodns.length === 0 ? {} : { "fsl,liodn": cells(...liodns) }),
    },
  };
}

function socNode(soc: PamuSoc): DeviceTreeNode {
  const msi = soc.msiBanks.map(({ alias }, bank): [string, DeviceTreeNode] => [
    `msi@${(0x4_1600 + bank * 0x200).toString(16)}`,
    {
      properties: {
        compatible: strings("fsl,mpic-msi"),
        // The registers, then the alias that is written.
        reg: cells(0x4_1600 + bank * 0x200, 0x200, alias - CCSR, 4),
        phandle: cells(MSI_HANDLE + bank),
      },
    },
  ]);
  return {
    properties: { compatible: strings("simple-bus"), device_type: strings("soc") },
    children: {
      [`iommu@${PAMU_AT.toString(16)}`]: pamuNode(soc),
      "l3-cache-controller@10000": cacheNode(soc, 0, STASH_L3),
      ...Object.fromEntries(msi),
    },
  };
}

/** One node covers all PAMUs; its two interrupts are violations and errors. */
function pamuNode(soc: PamuSoc): DeviceTreeNode {
  const children = Array.from({ length: soc.pamus }, (_, pamu): [string, DeviceTreeNode] => [
    `pamu${pamu}`,
    {
      properties: {
        reg: cells(pamu * PAMU_BYTES, PAMU_BYTES),
        "fsl,primary-cache-geometry": cells(32, 1),
        "fsl,secondary-cache-geometry": cells(128, 2),
        phandle: cells(PAMU_HANDLE + pamu),
      },
    },
  ]);
  return {
    properties: {
      compatible: strings("fsl,pamu-v1.0", "fsl,pamu"),
      reg: cells(PAMU_AT, soc.pamus * PAMU_BYTES),
      "fsl,portid-mapping": cells(0xf800_0000),
      "fsl,liodn-bits": cells(LIODN_BITS),
      interrupts: cells(24, 2, 0, 0, 16, 2, 1, 30),
    },
    children: Object.fromEntries(children),
  };
}

/** A node for each core, whose `reg` lists its threads. */
function cpuNodes(soc: PamuSoc): Record<string, DeviceTreeNode> {
  const threads = soc.cpusPerL2 === 1 ? 1 : 2;
  const cores = Array.from({ length: soc.cpus / threads }, (_, core): [string, DeviceTreeNode] => {
    const first = core * threads;
    return [
      `PowerPC,${threads === 1 ? "e500mc" : "e6500"}@${first.toString(16)}`,
      {
        properties: {
          device_type: strings("cpu"),
          reg: cells(...Array.from({ length: threads }, (_unused, thread) => first + thread)),
          "cache-stash-id": cells(stashId(soc, first, STASH_L1) ?? 0),
          "next-level-cache": cells(CACHE_HANDLE + core),
        },
        children: { "l2-cache": cacheNode(soc, first, STASH_L2) },
      },
    ];
  });
  return Object.fromEntries(cores);
}

function cacheNode(soc: PamuSoc, cpu: number, level: number): DeviceTreeNode {
  return { properties: { "cache-stash-id": cells(stashId(soc, cpu, level) ?? 0) } };
}
