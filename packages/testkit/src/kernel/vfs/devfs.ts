// /dev: the VFIO nodes that exist now, and /dev/null.
//
// type1.md 1.1. A kernel without VFIO has no node at all.

import type { ContainerDriverType } from "../drivers/driver.ts";
import { ContainerFile } from "../vfio-container.ts";
import type { VfioCore } from "../vfio-core.ts";
import { type DirectoryNode, directory, type VfsNode } from "./nodes.ts";
import { NullFile } from "./text-file.ts";

const CONTAINER_MODE = 0o666;

export interface DevfsFacts {
  /** Null in a kernel without VFIO. */
  readonly vfio: VfioCore | null;
  readonly types: readonly ContainerDriverType[];
  /** Permission bits of group nodes; the kernel's own are 0600, udev rules change them. */
  readonly groupMode: number;
}

export function devfs(facts: DevfsFacts): DirectoryNode {
  return directory(() => {
    const nothing: VfsNode = { type: "device", mode: 0o666, open: () => new NullFile() };
    const { vfio } = facts;
    if (vfio === null) return { null: nothing };
    return { null: nothing, vfio: directory(() => vfioNodes(facts, vfio)) };
  });
}

function vfioNodes(facts: DevfsFacts, vfio: VfioCore): Record<string, VfsNode> {
  const container: VfsNode = {
    type: "device",
    mode: CONTAINER_MODE,
    open: () => new ContainerFile(facts.types),
  };
  const groups = [...vfio.groups].map(([id, group]): [string, VfsNode] => [
    String(id),
    { type: "device", mode: facts.groupMode, open: () => group.open() },
  ]);
  return { vfio: container, ...Object.fromEntries(groups) };
}
