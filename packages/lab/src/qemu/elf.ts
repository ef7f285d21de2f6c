/**
 * The little that must be known of ELF files: can this be booted, can this run alone?
 *
 * Field offsets are those of the System V ABI, 64-bit object files, little-endian.
 */

const ELF_MAGIC = 0x7f454c46;
const PROGRAM_INTERPRETER = 3;

export function isElf(file: Uint8Array): boolean {
  return file.byteLength >= 0x40 && view(file).getUint32(0, false) === ELF_MAGIC;
}

/** Whether the program asks for a dynamic linker, and so for shared libraries. */
export function hasInterpreter(file: Uint8Array): boolean {
  if (!isElf(file)) return false;
  const data = view(file);
  const table = Number(data.getBigUint64(0x20, true));
  const entrySize = data.getUint16(0x36, true);
  const count = data.getUint16(0x38, true);
  const types = Array.from({ length: count }, (_, i) => table + i * entrySize)
    .filter((offset) => offset + 4 <= file.byteLength)
    .map((offset) => data.getUint32(offset, true));
  return types.includes(PROGRAM_INTERPRETER);
}

/** "HdrS" in the setup header, from the kernel's x86 boot protocol. */
export function isX86BootImage(file: Uint8Array): boolean {
  return file.byteLength >= 0x206 && view(file).getUint32(0x202, true) === 0x53726448;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
