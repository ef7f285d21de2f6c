/** Small x86 kernels, as a build leaves them: the ELF file, and a boot image that has it packed. */

const XEN_PHYS32_ENTRY = 18;
const SECTOR = 512;

export interface Note {
  readonly name?: string;
  readonly type?: number;
}

/** An ELF file with one load segment and one of notes; `body` is loaded. */
export function vmlinux(notes: readonly Note[] = [{}], body: Uint8Array = Buffer.alloc(0)): Buffer {
  const content = Buffer.concat(notes.map(note));
  const start = 0x40 + 2 * 0x38;
  const header = Buffer.alloc(start);
  header.write("\x7fELF");
  header.writeBigUInt64LE(0x40n, 0x20);
  header.writeUInt16LE(0x38, 0x36);
  header.writeUInt16LE(2, 0x38);
  segment(header, 0, { type: 1, offset: start + content.length, size: body.length });
  segment(header, 1, { type: 4, offset: start, size: content.length });
  return Buffer.concat([header, content, body]);
}

function note({ name = "Xen\0", type = XEN_PHYS32_ENTRY }: Note): Buffer {
  const padding = (4 - (name.length % 4)) % 4;
  const bytes = Buffer.alloc(12 + name.length + padding + 8);
  bytes.writeUInt32LE(name.length, 0);
  bytes.writeUInt32LE(8, 4);
  bytes.writeUInt32LE(type, 8);
  bytes.write(name, 12);
  return bytes;
}

function segment(
  file: Buffer,
  index: number,
  { type, offset, size }: { type: number; offset: number; size: number },
): void {
  const at = 0x40 + index * 0x38;
  file.writeUInt32LE(type, at);
  file.writeBigUInt64LE(BigInt(offset), at + 0x08);
  file.writeBigUInt64LE(BigInt(size), at + 0x20);
}

export interface BootImageOptions {
  /** As the header has it: 0 stands for 4. */
  readonly setupSectors?: number;
  readonly version?: number;
}

/** A boot image around a packed kernel, which for all but gzip has its length appended. */
export function bootImage(
  payload: Uint8Array,
  { setupSectors = 1, version = 0x20f }: BootImageOptions = {},
): Buffer {
  const offset = 0x20;
  const start = ((setupSectors || 4) + 1) * SECTOR + offset;
  const image = Buffer.alloc(start + payload.length + SECTOR);
  image.writeUInt8(setupSectors, 0x1f1);
  image.write("HdrS", 0x202);
  image.writeUInt16LE(version, 0x206);
  image.writeUInt32LE(offset, 0x248);
  image.writeUInt32LE(payload.length, 0x24c);
  image.set(payload, start);
  return image;
}

/** What the build appends: the length of the unpacked kernel. */
export function withLength(packed: Uint8Array, length: number): Buffer {
  const trailer = Buffer.alloc(4);
  trailer.writeUInt32LE(length);
  return Buffer.concat([packed, trailer]);
}

/** A zstd frame (RFC 8878) of one raw block, for up to 255 bytes: Node 20 has no zstd. */
export function zstdFrame(content: Uint8Array): Buffer {
  const header = Buffer.alloc(9);
  header.writeUInt32LE(0xfd2fb528, 0);
  // A single segment, whose size takes one byte; no checksum.
  header.writeUInt8(0x20, 4);
  header.writeUInt8(content.length, 5);
  // The last block, raw.
  header.writeUIntLE((content.length << 3) | 1, 6, 3);
  return Buffer.concat([header, content]);
}
