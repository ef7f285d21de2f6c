// Names and numbers of errors, generic Linux and what PowerPC changes.
//
// The port answers -errno as a bare number of the profile's kernel; a name is what code and messages
// use. Only EDEADLOCK differs among our four ABIs: generic kernels have it as another name of
// EDEADLK, PowerPC gives it a number of its own.
//
// Rests on include/uapi/asm-generic/errno.h and arch/powerpc/include/uapi/asm/errno.h (6.12).

import type { AbiProfile } from "./profile.ts";

const GENERIC = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  ENOEXEC: 8,
  EBADF: 9,
  ECHILD: 10,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  ENOTBLK: 15,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOTTY: 25,
  ETXTBSY: 26,
  EFBIG: 27,
  ENOSPC: 28,
  ESPIPE: 29,
  EROFS: 30,
  EMLINK: 31,
  EPIPE: 32,
  EDOM: 33,
  ERANGE: 34,
  EDEADLK: 35,
  ENAMETOOLONG: 36,
  ENOLCK: 37,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  ENOMSG: 42,
  EIDRM: 43,
  ECHRNG: 44,
  EL2NSYNC: 45,
  EL3HLT: 46,
  EL3RST: 47,
  ELNRNG: 48,
  EUNATCH: 49,
  ENOCSI: 50,
  EL2HLT: 51,
  EBADE: 52,
  EBADR: 53,
  EXFULL: 54,
  ENOANO: 55,
  EBADRQC: 56,
  EBADSLT: 57,
  EBFONT: 59,
  ENOSTR: 60,
  ENODATA: 61,
  ETIME: 62,
  ENOSR: 63,
  ENONET: 64,
  ENOPKG: 65,
  EREMOTE: 66,
  ENOLINK: 67,
  EADV: 68,
  ESRMNT: 69,
  ECOMM: 70,
  EPROTO: 71,
  EMULTIHOP: 72,
  EDOTDOT: 73,
  EBADMSG: 74,
  EOVERFLOW: 75,
  ENOTUNIQ: 76,
  EBADFD: 77,
  EREMCHG: 78,
  ELIBACC: 79,
  ELIBBAD: 80,
  ELIBSCN: 81,
  ELIBMAX: 82,
  ELIBEXEC: 83,
  EILSEQ: 84,
  ERESTART: 85,
  ESTRPIPE: 86,
  EUSERS: 87,
  ENOTSOCK: 88,
  EDESTADDRREQ: 89,
  EMSGSIZE: 90,
  EPROTOTYPE: 91,
  ENOPROTOOPT: 92,
  EPROTONOSUPPORT: 93,
  ESOCKTNOSUPPORT: 94,
  EOPNOTSUPP: 95,
  EPFNOSUPPORT: 96,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ENETRESET: 102,
  ECONNABORTED: 103,
  ECONNRESET: 104,
  ENOBUFS: 105,
  EISCONN: 106,
  ENOTCONN: 107,
  ESHUTDOWN: 108,
  ETOOMANYREFS: 109,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTDOWN: 112,
  EHOSTUNREACH: 113,
  EALREADY: 114,
  EINPROGRESS: 115,
  ESTALE: 116,
  EUCLEAN: 117,
  ENOTNAM: 118,
  ENAVAIL: 119,
  EISNAM: 120,
  EREMOTEIO: 121,
  EDQUOT: 122,
  ENOMEDIUM: 123,
  EMEDIUMTYPE: 124,
  ECANCELED: 125,
  ENOKEY: 126,
  EKEYEXPIRED: 127,
  EKEYREVOKED: 128,
  EKEYREJECTED: 129,
  EOWNERDEAD: 130,
  ENOTRECOVERABLE: 131,
  ERFKILL: 132,
  EHWPOISON: 133,
  // Not for user space by its own header, yet drivers let it through (include/linux/errno.h).
  ENOTSUPP: 524,
} as const;

/** Second names of a generic number. */
const ALIASES = { EWOULDBLOCK: 11, ENOTSUP: 95 } as const;

export type ErrnoName = keyof typeof GENERIC | keyof typeof ALIASES | "EDEADLOCK";

const POWERPC_EDEADLOCK = 58;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(GENERIC).map(([name, number]) => [number, name]),
);

/** The name of an errno, given as `errno` or as `-errno`; `errno 999` when it has none. */
export function errnoName(abi: AbiProfile, errno: number): string {
  const number = Math.abs(errno);
  if (number === POWERPC_EDEADLOCK && abi.ioctlEncoding === "powerpc") return "EDEADLOCK";
  return NAMES.get(number) ?? `errno ${number}`;
}

/** The positive number of a name under a profile. */
export function errnoNumber(abi: AbiProfile, name: ErrnoName): number {
  if (name === "EDEADLOCK")
    return abi.ioctlEncoding === "powerpc" ? POWERPC_EDEADLOCK : GENERIC.EDEADLK;
  return { ...GENERIC, ...ALIASES }[name];
}

/** Every name with its number under a profile, aliases included; for reports and tests. */
export function errnoTable(abi: AbiProfile): Readonly<Record<string, number>> {
  return { ...GENERIC, ...ALIASES, EDEADLOCK: errnoNumber(abi, "EDEADLOCK") };
}
