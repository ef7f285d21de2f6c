// Paths: resolution with symbolic links, and the calls that take a path.
//
// Answers are those of the VFS: ENOENT, ENOTDIR, EISDIR, EINVAL, EACCES, ELOOP.

import { EACCES, EINVAL, EISDIR, ELOOP, ENOENT, ENOTDIR } from "../errno.ts";
import type { OpenFile } from "../open-file.ts";
import type { Process } from "../process.ts";
import {
  type BytesNode,
  type DirectoryNode,
  mayAccess,
  type TextNode,
  type VfsNode,
} from "./nodes.ts";
import { BytesFile, TextFile } from "./text-file.ts";

const MOST_LINKS = 40;

export class Vfs {
  readonly #root: DirectoryNode;

  constructor(root: DirectoryNode) {
    this.#root = root;
  }

  /** An open file, whose reference the caller owns, or -errno. */
  open(process: Process, path: string, flags: "r" | "rw"): OpenFile | number {
    const node = this.#resolve(path);
    if (typeof node === "number") return node;
    switch (node.type) {
      case "device":
        return mayAccess(process, node.mode, flags) ? node.open(process) : -EACCES;
      case "text":
        return this.#openText(process, path, node, flags);
      case "bytes":
        return mayAccess(process, node.mode, flags) ? new BytesFile(path, node, process) : -EACCES;
      default:
        return -EISDIR;
    }
  }

  readLink(path: string): string | number {
    const node = this.#resolve(path, "link itself");
    if (typeof node === "number") return node;
    return node.type === "link" ? node.target() : -EINVAL;
  }

  list(path: string): readonly string[] | number {
    const node = this.#resolve(path);
    if (typeof node === "number") return node;
    return node.type === "directory" ? node.names() : -ENOTDIR;
  }

  readText(process: Process, path: string): string | number {
    const node = this.#resolve(path);
    if (typeof node === "number") return node;
    if (node.type === "directory") return -EISDIR;
    if (node.type === "bytes") return readAll(process, node);
    if (node.type !== "text") return -EINVAL;
    return node.read === undefined ? -EACCES : node.read(process);
  }

  writeText(process: Process, path: string, content: string): number {
    const node = this.#resolve(path);
    if (typeof node === "number") return node;
    if (node.type === "directory") return -EISDIR;
    if (node.type !== "text") return -EINVAL;
    if (node.write === undefined || !mayAccess(process, 0o600, "rw")) return -EACCES;
    return node.write(content);
  }

  #openText(process: Process, path: string, node: TextNode, flags: "r" | "rw"): OpenFile | number {
    const writes = flags === "rw";
    if (node.read === undefined || (writes && node.write === undefined)) return -EACCES;
    if (writes && !mayAccess(process, 0o600, "rw")) return -EACCES;
    return new TextFile(path, node, process);
  }

  /** The node at a path, following links; the last one too unless the link itself is wanted. */
  #resolve(path: string, last: "followed" | "link itself" = "followed"): VfsNode | number {
    const walk: Walk = { node: this.#root, trail: [], parts: pieces(path), links: 0 };
    for (let part = walk.parts.shift(); part !== undefined; part = walk.parts.shift()) {
      const errno = this.#step(walk, part, last);
      if (errno !== 0) return errno;
    }
    return walk.node;
  }

  #step(walk: Walk, part: string, last: "followed" | "link itself"): number {
    const here = walk.node;
    if (here.type !== "directory") return -ENOTDIR;
    if (part === "..") {
      walk.node = walk.trail.pop() ?? this.#root;
      return 0;
    }
    const child = here.child(part);
    if (child === undefined) return -ENOENT;
    const isWanted = walk.parts.length === 0 && last === "link itself";
    if (child.type === "link" && !isWanted) return this.#follow(walk, child.target());
    walk.trail.push(here);
    walk.node = child;
    return 0;
  }

  #follow(walk: Walk, target: string): number {
    walk.links += 1;
    if (walk.links > MOST_LINKS) return -ELOOP;
    if (target.startsWith("/")) {
      walk.trail = [];
      walk.node = this.#root;
    }
    walk.parts.unshift(...pieces(target));
    return 0;
  }
}

/** A resolution under way: where it is, how it came there, what is left of the path. */
interface Walk {
  node: VfsNode;
  trail: DirectoryNode[];
  readonly parts: string[];
  links: number;
}

function pieces(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** Binary attributes read as Latin-1: one character for each byte. */
function readAll(process: Process, node: BytesNode): string | number {
  if (!mayAccess(process, node.mode, "r")) return -EACCES;
  const bytes = new Uint8Array(4096);
  const count = node.read(bytes, 0, process);
  return count < 0 ? count : String.fromCharCode(...bytes.subarray(0, count));
}
