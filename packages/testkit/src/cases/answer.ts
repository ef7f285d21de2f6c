// Answers of the kernel as text: errno by name, sizes in pages.

const NAMES: ReadonlyMap<number, string> = new Map([
  [1, "EPERM"],
  [2, "ENOENT"],
  [4, "EINTR"],
  [5, "EIO"],
  [6, "ENXIO"],
  [9, "EBADF"],
  [11, "EAGAIN"],
  [12, "ENOMEM"],
  [13, "EACCES"],
  [14, "EFAULT"],
  [16, "EBUSY"],
  [17, "EEXIST"],
  [19, "ENODEV"],
  [22, "EINVAL"],
  [24, "EMFILE"],
  [25, "ENOTTY"],
  [28, "ENOSPC"],
  [29, "ESPIPE"],
  [34, "ERANGE"],
  [77, "EBADFD"],
  [95, "EOPNOTSUPP"],
  [110, "ETIMEDOUT"],
]);

const PAGE = 4096n;

/** A result: "EINVAL" for -22, otherwise the number. */
export function answer(result: number): string {
  return result < 0 ? (NAMES.get(-result) ?? `errno ${-result}`) : String(result);
}

/** A call that makes a descriptor: which number it got says nothing. */
export function descriptor(result: number): string {
  return result < 0 ? answer(result) : "fd";
}

/** Bytes as "0", "4P" or, off a page, in hexadecimal. */
export function pages(size: bigint): string {
  if (size === 0n) return "0";
  return size % PAGE === 0n ? `${size / PAGE}P` : hex(size);
}

export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
