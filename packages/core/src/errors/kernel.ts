// Makes an error of what the kernel answered; the one place where an errno becomes a code.

import { errnoName } from "../abi/errno.ts";
import type { AbiProfile } from "../abi/profile.ts";
import { type Facts, IommuError } from "./base.ts";
import type { ErrorCode } from "./codes.ts";

/** An answer that was not success, and how to name it. */
export interface KernelAnswer {
  /** The ioctl's or system call's name. */
  readonly operation: string;
  /** What the port answered: -errno, or a positive number where none is documented. */
  readonly result: number;
  readonly sentence: string;
  readonly facts?: Facts;
  /** Which errno has a code of its own here. Others are `kernel-refused`. */
  readonly codes?: Readonly<Record<string, ErrorCode>>;
  /** The usual reason, by errno name. */
  readonly hints?: Readonly<Record<string, string>>;
  readonly hint?: string | undefined;
}

const COMMON: Readonly<Record<string, ErrorCode>> = {
  EPERM: "permission-denied",
  EACCES: "permission-denied",
  ENOMEM: "out-of-memory",
};

/** The kernel answered something else than success (0, or a descriptor). */
export function refusedByKernel(abi: AbiProfile, answer: KernelAnswer): IommuError {
  const { operation, result, sentence, facts, codes, hints } = answer;
  // A positive number is no errno: this call documents none, so it is not success either (I20).
  if (!(result < 0))
    return new IommuError({
      code: "kernel-misbehaved",
      operation,
      sentence: `${sentence}: ${operation} answered ${result}, which it never should`,
      facts: { ...facts, result },
    });
  const errno = errnoName(abi, -result);
  return new IommuError({
    code: codes?.[errno] ?? COMMON[errno] ?? "kernel-refused",
    operation,
    sentence: `${sentence}: ${operation} gave ${errno}`,
    facts: { ...facts, errno },
    hint: answer.hint ?? hints?.[errno],
  });
}
