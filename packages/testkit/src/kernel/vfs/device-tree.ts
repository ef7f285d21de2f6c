// The flattened device tree as Linux shows it: a directory for each node, a file for each property.
//
// /proc/device-tree is a link to /sys/firmware/devicetree/base. Property values are raw bytes, numbers
// in them big-endian whatever the machine (Devicetree Specification 0.4, 2.2.4).

import { type BytesNode, type DirectoryNode, directory, type VfsNode } from "./nodes.ts";

/** One node of the tree; names of children carry their unit address: `iommu@20000`. */
export interface DeviceTreeNode {
  readonly properties?: Readonly<Record<string, Uint8Array>>;
  readonly children?: Readonly<Record<string, DeviceTreeNode>>;
}

/** A value of one or more 32-bit cells. */
export function cells(...values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  for (const [index, value] of values.entries()) view.setUint32(4 * index, value);
  return new Uint8Array(view.buffer);
}

/** A value of one or more strings, each with its NUL. */
export function strings(...values: readonly string[]): Uint8Array {
  return Uint8Array.from(values.map((value) => `${value}\0`).join(""), (char) =>
    char.charCodeAt(0),
  );
}

export function deviceTreeDirectory(node: DeviceTreeNode): DirectoryNode {
  const entries: Record<string, VfsNode> = {};
  for (const [name, value] of Object.entries(node.properties ?? {}))
    entries[name] = property(value);
  for (const [name, child] of Object.entries(node.children ?? {}))
    entries[name] = deviceTreeDirectory(child);
  return directory(() => entries);
}

function property(value: Uint8Array): BytesNode {
  return {
    type: "bytes",
    mode: 0o444,
    read(into, offset) {
      const piece = value.subarray(offset, offset + into.length);
      into.set(piece);
      return piece.length;
    },
    write: () => 0,
  };
}
