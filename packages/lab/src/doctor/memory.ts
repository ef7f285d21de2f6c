// How much memory may be given to devices, and in which pages.

import { formatSize, isIommuError, type KernelPort, MiB, readLockedMemory } from "@iommukit/core";
import { readLockLimits } from "@iommukit/host-linux";
import { type Finding, ill, line, type Patient, well } from "./check.ts";

/** Less is used up by the buffers of one fast device; many systems' default is 8 MiB, older ones' 64 KiB. */
const ENOUGH = 64n * BigInt(MiB);

export function checkLockedMemory({ port }: Patient): Finding {
  const check = "locked-memory";
  const { soft, locked, exempt } = readLimits(port);
  if (exempt) return well(check, "no limit for this process (CAP_IPC_LOCK)");
  if (soft === undefined) return well(check, "unknown: procfs does not tell");
  if (soft === "unlimited") return well(check, "unlimited");
  const found = `${formatSize(soft)} may be locked, ${formatSize(locked)} is`;
  if (soft >= ENOUGH) return well(check, found);
  return ill(
    check,
    `${found}: every page that a device may reach counts`,
    "raise it: ulimit -l unlimited, memlock in /etc/security/limits.conf, or LimitMEMLOCK= of a systemd unit",
  );
}

interface Limits {
  readonly soft: bigint | "unlimited" | undefined;
  readonly locked: bigint;
  readonly exempt: boolean;
}

function readLimits(port: KernelPort): Limits {
  try {
    const { soft = "unlimited", locked, exempt } = readLockLimits(port);
    return { soft, locked, exempt };
  } catch (error) {
    if (!isIommuError(error)) throw error;
    // A kernel whose procfs has fewer lines, such as a simulated one: the limit may still be there.
    const { limit, locked = 0 } = readLockedMemory(port);
    return { soft: softLimit(limit), locked: BigInt(locked), exempt: isRoot(port) };
  }
}

/** Root has CAP_IPC_LOCK unless it gave it up, and then procfs says so. */
function isRoot(port: KernelPort): boolean {
  return /^Uid:\t\d+\t0\t/m.test(line(port, "/proc/self/status") ?? "");
}

function softLimit(limit: number | undefined): Limits["soft"] {
  if (limit === undefined) return undefined;
  return Number.isFinite(limit) ? BigInt(limit) : "unlimited";
}

const HUGE_PAGES = "/sys/kernel/mm/hugepages";

/** Not needed, but fewer and larger mappings are faster. */
export function checkHugePages({ port }: Patient): Finding {
  const check = "huge-pages";
  const sizes = port.list(HUGE_PAGES);
  if (typeof sizes === "number") return well(check, "the kernel has none to give");
  const free = sizes.flatMap((name) => {
    const count = Number(line(port, `${HUGE_PAGES}/${name}/free_hugepages`) ?? 0);
    const kibibytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0);
    return count > 0 && kibibytes > 0 ? [`${count} of ${formatSize(kibibytes * 1024)}`] : [];
  });
  if (free.length > 0) return well(check, `free: ${free.join(", ")}`);
  return well(
    check,
    "none reserved; large buffers are mapped page by page",
    "for speed: echo 64 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
  );
}
