/**
 * Writes archives in the "newc" cpio format, in which the kernel takes its initramfs.
 *
 * The format is that of the kernel's document "initramfs buffer format": a header of 13 numbers
 * of 8 hexadecimal digits after the magic 070701, name and data each padded to 4 bytes. Archives
 * may follow one another in one initramfs; a later file replaces an earlier one.
 */

export type Entry =
  | { readonly type: "directory"; readonly path: string }
  | {
      readonly type: "file";
      readonly path: string;
      readonly content: Uint8Array | string;
      readonly executable?: boolean;
    };

/** Directories must come before what is in them. Times are zero, so equal input gives equal bytes. */
export function cpioArchive(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap((entry, index) => member(entry, index + 1));
  return Buffer.concat([...parts, ...record("TRAILER!!!", 0, 0, Buffer.alloc(0))]);
}

const DIRECTORY = 0o040755;
const PROGRAM = 0o100755;
const PLAIN_FILE = 0o100644;

function member(entry: Entry, inode: number): Buffer[] {
  if (entry.type === "directory") return record(entry.path, DIRECTORY, inode, Buffer.alloc(0));
  const mode = entry.executable === true ? PROGRAM : PLAIN_FILE;
  const { content } = entry;
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return record(entry.path, mode, inode, bytes);
}

function record(path: string, mode: number, inode: number, data: Uint8Array): Buffer[] {
  const name = Buffer.from(`${path}\0`);
  const [user, group, links, time] = [0, 0, mode === DIRECTORY ? 2 : 1, 0];
  const [deviceMajor, deviceMinor, specialMajor, specialMinor, checksum] = [0, 0, 0, 0, 0];
  const fields = [
    inode,
    mode,
    user,
    group,
    links,
    time,
    data.byteLength,
    deviceMajor,
    deviceMinor,
    specialMajor,
    specialMinor,
    name.byteLength,
    checksum,
  ];
  const header = Buffer.from(`070701${fields.map(hexadecimal).join("")}`);
  const head = Buffer.concat([header, name]);
  return [head, padding(head.byteLength), Buffer.from(data), padding(data.byteLength)];
}

function hexadecimal(value: number): string {
  return value.toString(16).padStart(8, "0");
}

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
