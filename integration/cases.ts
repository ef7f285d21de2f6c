// Every numbered case of docs/semantics/ on the kernel behind a target, simulated or real: those of
// type1.md on x86, those of spapr.md on POWER.
// facts differ by target: what a machine lacks is said there, with the reason.
// the kernel warns: POWER's does so for a region of size 0 (case 61) and for one that outlives its process (case 80).
//
// npx iommukit run integration/cases.ts --on sim/vtd,sim/amdvi,qemu/vtd,qemu/amdvi,qemu/virtio-iommu
// npx iommukit run integration/cases.ts --on sim/powernv,sim/powernv-64k,sim/pseries
// npx iommukit run integration/cases.ts --on qemu/powernv9,qemu/powernv9-64k,qemu/pseries

import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostMemory, KernelPort } from "@iommukit/core";
import type { Host } from "@iommukit/lab";
import { canLimitOtherProcess, startOtherProcess } from "@iommukit/lab/other-process";
import {
  amdvi,
  type Machine,
  powernv,
  powernv64k,
  pseries,
  simulatedHost,
  vtd,
} from "@iommukit/testkit";
import {
  CASES,
  type CaseHost,
  type CaseResult,
  type ForkRequest,
  type MemoryFile,
  type OtherProcess,
  runCase,
  SPAPR_CASES,
  simulatedCaseHost,
} from "@iommukit/testkit/cases";

export default async function cases(host: Host): Promise<void> {
  const all = host.port.abi.arch === "x86_64" ? CASES : SPAPR_CASES;
  const counts = { cases: all.length, ok: 0, notApplicable: 0, failed: 0 };
  const caseHost = caseHostOf(host);
  for (const each of all) {
    const result = await runCase(each, caseHost);
    count(counts, result);
    host.log({ case: each.number, section: each.section, ...factOf(result) });
  }
  host.log(counts);
  if (counts.failed > 0) throw new Error(`${counts.failed} of ${counts.cases} cases failed`);
}

function count(
  counts: { ok: number; notApplicable: number; failed: number },
  { kind }: CaseResult,
): void {
  if (kind === "ok") counts.ok++;
  else if (kind === "failed") counts.failed++;
  else counts.notApplicable++;
}

function factOf(result: CaseResult): Record<string, unknown> {
  if (result.kind === "ok") return { ok: true };
  if (result.kind === "not applicable") return { notApplicable: result.reason };
  const { call, expected, got } = result;
  return { ok: false, call, expected, got };
}

const MACHINES: Readonly<Record<string, () => Machine>> = {
  "sim/vtd": vtd,
  "sim/amdvi": amdvi,
  "sim/powernv": powernv,
  "sim/powernv-64k": powernv64k,
  "sim/pseries": pseries,
};

/** A simulated machine is built anew, with the mediated device that the default x86 one lacks. */
function caseHostOf({ target, port, devices }: Host): CaseHost {
  const machine = MACHINES[target];
  if (machine !== undefined) {
    const mediatedGroup = port.abi.arch === "x86_64" ? "present" : "none";
    return simulatedCaseHost(simulatedHost(machine(), { mediatedGroup }));
  }
  if (target.startsWith("sim/")) return { port, devices };
  return {
    port,
    devices,
    abilities: {
      fork: (request) => fork(port.abi.pageSize, request),
      ...(!canLimitOtherProcess() && { limits: "none" as const }),
      memoryFile,
      read: readOn,
      readOnly: (content) => readOnly(port, content),
    },
  };
}

function fork(pageSize: number, { descriptors, lockedPages }: ForkRequest): OtherProcess {
  if (lockedPages === undefined) return startOtherProcess({ descriptors });
  return startOtherProcess({ descriptors, lockedMemoryLimit: lockedPages * pageSize });
}

/** read(2): Node throws what the kernel answers. */
function readOn(fd: number, into: Uint8Array): number {
  try {
    return readSync(fd, into, 0, into.length, null);
  } catch (error) {
    return Number(Object(error).errno);
  }
}

/** A file in a folder of its own; in a guest, everything that is written lies in memory. */
function memoryFile(bytes: number): MemoryFile {
  const folder = mkdtempSync(join(tmpdir(), "iommukit-cases-"));
  const path = join(folder, "memory");
  const file = openSync(path, "w");
  ftruncateSync(file, bytes);
  return {
    path,
    truncate: (length) => ftruncateSync(file, length),
    remove() {
      closeSync(file);
      rmSync(folder, { recursive: true });
    },
  };
}

/** A private mapping of a file with the content: the process never had the right to write it. */
function readOnly(port: KernelPort, content: Uint8Array): HostMemory {
  const file = memoryFile(port.abi.pageSize);
  const writer = openSync(file.path, "r+");
  writeSync(writer, content, 0, content.length, 0);
  closeSync(writer);
  const fd = port.open(file.path, "r");
  const memory = port.mapMemory({
    length: port.abi.pageSize,
    fd,
    protection: "read",
    shared: false,
  });
  port.close(fd);
  file.remove();
  if (typeof memory === "number") throw new Error(`mapMemory answers ${memory}`);
  return memory;
}
