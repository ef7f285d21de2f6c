/**
 * The little that must be known of ELF files: can this be booted, and how; can this run alone?
 *
 * Field offsets are those of the System V ABI, 64-bit object files, little-endian.
 */

const ELF_MAGIC = 0x7f454c46;
const PROGRAM_INTERPRETER = 3;
const NOTES = 4;
const PROGRAM_HEADER_SIZE = 0x38;
const NOTE_HEADER_SIZE = 12;
const XEN = Buffer.from("Xen\0");
/** XEN_ELFNOTE_PHYS32_ENTRY, from Xen's public header elfnote.h. */
const XEN_PHYS32_ENTRY = 18;

export function isElf(file: Uint8Array): boolean {
  return file.byteLength >= 0x40 && view(file).getUint32(0, false) === ELF_MAGIC;
}

/** Whether the program asks for a dynamic linker, and so for shared libraries. */
export function hasInterpreter(file: Uint8Array): boolean {
  return segmentsOf(file).some(({ type }) => type === PROGRAM_INTERPRETER);
}

/** Whether QEMU starts this x86 kernel: it looks for the note that tells the entry point for PVH. */
export function hasPvhEntry(file: Uint8Array): boolean {
  const notes = segmentsOf(file).filter(({ type }) => type === NOTES);
  return notes.some(({ offset, size }) => hasPvhNote(file.subarray(offset, offset + size)));
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
}

/** The program headers that are in the file. */
function segmentsOf(file: Uint8Array): Segment[] {
  if (!isElf(file)) return [];
  const data = view(file);
  const table = Number(data.getBigUint64(0x20, true));
  const entrySize = data.getUint16(0x36, true);
  const count = data.getUint16(0x38, true);
  return Array.from({ length: count }, (_, i) => table + i * entrySize)
    .filter((header) => header + PROGRAM_HEADER_SIZE <= file.byteLength)
    .map((header) => ({
      type: data.getUint32(header, true),
      offset: Number(data.getBigUint64(header + 0x08, true)),
      size: Number(data.getBigUint64(header + 0x20, true)),
    }));
}

/** Each note: the lengths of its name and its content, its type, then both, padded to 4 bytes. */
function hasPvhNote(notes: Uint8Array): boolean {
  const data = view(notes);
  let at = 0;
  while (at + NOTE_HEADER_SIZE + XEN.length <= notes.byteLength) {
    const nameSize = data.getUint32(at, true);
    const name = notes.subarray(at + NOTE_HEADER_SIZE, at + NOTE_HEADER_SIZE + nameSize);
    if (data.getUint32(at + 8, true) === XEN_PHYS32_ENTRY && XEN.equals(name)) return true;
    at += NOTE_HEADER_SIZE + padded(nameSize) + padded(data.getUint32(at + 4, true));
  }
  return false;
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}

/** "HdrS" in the setup header, from the kernel's x86 boot protocol. */
export function isX86BootImage(file: Uint8Array): boolean {
  return file.byteLength >= 0x206 && view(file).getUint32(0x202, true) === 0x53726448;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
