// What one call did, as one line of text: the same text is the same behaviour.
//
//     -22                        failed with EINVAL, nothing else happened
//     0 w10:0010000000000000     wrote these bytes back at offset 0x10 of the argument
//     0 v+16                     locked memory grew by 16 KiB
//     fd b0:ff                   a descriptor; the dirty bitmap got these bytes at offset 0
//     0 m3000+800:89ab           2 KiB of memory changed, and the hash of what they are now

/** Byte ranges in which `after` differs, with the new bytes. */
export function changedBytes(mark: string, before: Uint8Array, after: Uint8Array): string {
  return changedRanges(before, after)
    .map(([from, to]) => ` ${mark}${from.toString(16)}:${hexOf(after.subarray(from, to))}`)
    .join("");
}

/** The same for long ranges: a length and a hash stand for the bytes. */
export function changedMemory(mark: string, before: Uint8Array, after: Uint8Array): string {
  return changedRanges(before, after)
    .map(([from, to]) => {
      const hash = hashOf(after.subarray(from, to)).toString(16);
      return ` ${mark}${from.toString(16)}+${(to - from).toString(16)}:${hash}`;
    })
    .join("");
}

/** Compared in words first: most arguments come back as they were. */
function changedRanges(before: Uint8Array, after: Uint8Array): [number, number][] {
  const ranges: [number, number][] = [];
  const words = Math.floor(before.length / 4);
  const old = new Int32Array(before.buffer, before.byteOffset, words);
  const now = new Int32Array(after.buffer, after.byteOffset, words);
  for (let word = 0; word < words; word++)
    if (old[word] !== now[word]) addBytes(ranges, before, after, 4 * word);
  addBytes(ranges, before, after, 4 * words);
  return ranges;
}

/** Those of the word that begins here, as far as there are any. */
function addBytes(
  ranges: [number, number][],
  before: Uint8Array,
  after: Uint8Array,
  from: number,
): void {
  for (let at = from; at < Math.min(from + 4, before.length); at++) {
    if (before[at] === after[at]) continue;
    const last = ranges.at(-1);
    if (last?.[1] === at) last[1] = at + 1;
    else ranges.push([at, at + 1]);
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c_9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x0100_0193) >>> 0;
  return hash;
}

/** `VmLck` of the process, in KiB. */
export function lockedKib(status: string | number): number {
  const found = typeof status === "string" ? /^VmLck:\s+(\d+) kB$/m.exec(status) : null;
  return found === null ? -1 : Number(found[1]);
}
