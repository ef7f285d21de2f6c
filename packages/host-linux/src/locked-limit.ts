// How much memory this process may lock, and how much it has locked.
//
// For reports and hints: VFIO charges every page it pins to the process. Must never be asked on a hot
// path; procfs prints hundreds of lines for these few numbers.
// Rests on proc_pid_limits(5), proc_pid_status(5) (VmLck, VmPin, CapEff), getrlimit(2) RLIMIT_MEMLOCK
// and capabilities(7): CAP_IPC_LOCK lifts the limit.

import { IommuError, type KernelPort, refusedByKernel } from "@iommukit/core";

/** The limit of this process, and what stands against it. */
export interface LockLimits {
  /** Bytes; undefined is unlimited. */
  readonly soft: bigint | undefined;
  readonly hard: bigint | undefined;
  /** Bytes charged to the limit now: mlock(2) and VFIO's container. */
  readonly locked: bigint;
  /** Bytes pinned and counted apart from the limit above: iommufd and RDMA. */
  readonly pinned: bigint;
  /** CAP_IPC_LOCK: the kernel does not apply the limit to this process. */
  readonly exempt: boolean;
}

const LIMITS = "/proc/self/limits";
const STATUS = "/proc/self/status";
const MEMLOCK = /^Max locked memory +(unlimited|[0-9]{1,20}) +(unlimited|[0-9]{1,20}) +bytes *$/m;
const CAP_IPC_LOCK = 14n;

/**
 * Valid errors: `kernel-misbehaved` (text of another form), `kernel-refused`, `permission-denied`.
 */
export function readLockLimits(port: KernelPort): LockLimits {
  const limits = read(port, LIMITS);
  const status = read(port, STATUS);
  const [soft, hard] = [field(limits, MEMLOCK, 1, LIMITS), field(limits, MEMLOCK, 2, LIMITS)];
  const capabilities = field(status, /^CapEff:\t([0-9a-f]{16})$/m, 1, STATUS);
  return {
    soft: limit(soft),
    hard: limit(hard),
    locked: kibibytes(status, "VmLck"),
    pinned: kibibytes(status, "VmPin"),
    exempt: ((BigInt(`0x${capabilities}`) >> CAP_IPC_LOCK) & 1n) === 1n,
  };
}

function limit(text: string): bigint | undefined {
  return text === "unlimited" ? undefined : BigInt(text);
}

function kibibytes(status: string, name: "VmLck" | "VmPin"): bigint {
  return (
    BigInt(field(status, new RegExp(`^${name}:\\s+([0-9]{1,17}) kB$`, "m"), 1, STATUS)) * 1024n
  );
}

function read(port: KernelPort, path: string): string {
  const text = port.readText(path);
  if (typeof text === "string") return text;
  const sentence = `${path} cannot be read`;
  throw refusedByKernel(port.abi, { operation: `read ${path}`, result: text, sentence });
}

function field(text: string, grammar: RegExp, index: number, path: string): string {
  const value = grammar.exec(text)?.[index];
  if (value !== undefined) return value;
  throw new IommuError({
    code: "kernel-misbehaved",
    operation: `read ${path}`,
    sentence: `${path} has no line of the form ${grammar.source}`,
  });
}
