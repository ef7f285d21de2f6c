// Whether this machine has a PAMU, as its firmware says: asked before any number that means something else.
//
// 7 and 2 are sPAPR's IOMMU types in mainline, and +15 to +19 its ioctls: on a POWER server
// SET_ATTR would be DISABLE, and GET_MSI_BANK_COUNT would register memory. No POWER server's tree
// has an `fsl,pamu` node (Documentation/devicetree/bindings/powerpc/fsl/pamu.txt).

import type { KernelPort } from "@iommukit/core";

const ROOT = "/proc/device-tree";
const SOC = /^soc(@[0-9a-f]{1,16})?$/;
const IOMMU = /^(iommu|pamu)(@[0-9a-f]{1,16})?$/;

/** The path of the node that describes the PAMUs, or undefined. One node stands for all of an SoC. */
export function findPamuNode(port: KernelPort): string | undefined {
  for (const soc of names(port, ROOT, SOC))
    for (const node of names(port, `${ROOT}/${soc}`, IOMMU))
      if (isPamu(port, `${ROOT}/${soc}/${node}`)) return `${ROOT}/${soc}/${node}`;
  return undefined;
}

/** CPU numbers that the tree has, or undefined where it lists none. */
export function cpuNumbers(port: KernelPort): ReadonlySet<number> | undefined {
  const nodes = names(port, `${ROOT}/cpus`, /^[\w,.+-]{1,31}@[0-9a-f]{1,8}$/);
  const numbers = nodes.flatMap((node) => cells(port, `${ROOT}/cpus/${node}/reg`));
  return numbers.length === 0 ? undefined : new Set(numbers);
}

function names(port: KernelPort, folder: string, grammar: RegExp): readonly string[] {
  const found = port.list(folder);
  return typeof found === "number" ? [] : found.filter((name) => grammar.test(name));
}

/** `compatible` is a list of strings, each ended by a NUL. */
function isPamu(port: KernelPort, node: string): boolean {
  const text = port.readText(`${node}/compatible`);
  return typeof text === "string" && text.split("\0").includes("fsl,pamu");
}

/** A property of 32-bit cells, big-endian on every machine. */
function cells(port: KernelPort, path: string): readonly number[] {
  const fd = port.open(path, "r");
  if (fd < 0) return [];
  const bytes = new Uint8Array(MOST_CELLS * 4);
  const length = port.readAt(fd, bytes, 0n);
  port.close(fd);
  if (length <= 0 || length > bytes.length) return [];
  const view = new DataView(bytes.buffer);
  return Array.from({ length: length >> 2 }, (_, index) => view.getUint32(index * 4));
}

/** Threads of one core; e6500 has two. */
const MOST_CELLS = 8;
