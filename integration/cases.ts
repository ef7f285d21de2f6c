// Every numbered case of docs/semantics/type1.md on the kernel behind a target, simulated or real.
// facts differ by target: what a machine lacks is said there, with the reason.
//
// npx iommukit run integration/cases.ts --on sim/vtd,sim/amdvi,qemu/vtd,qemu/amdvi,qemu/virtio-iommu

import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostMemory, KernelPort } from "@iommukit/core";
import type { Host } from "@iommukit/lab";
import { amdvi, simulatedHost, vtd } from "@iommukit/testkit";
import {
  CASES,
  type CaseHost,
  type CaseResult,
  type MemoryFile,
  runCase,
  simulatedCaseHost,
} from "@iommukit/testkit/cases";

export default async function cases(host: Host): Promise<void> {
  const counts = { cases: CASES.length, ok: 0, notApplicable: 0, failed: 0 };
  const caseHost = caseHostOf(host);
  for (const each of CASES) {
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

/** A simulated machine is built anew, with the mediated device that the default one lacks. */
function caseHostOf({ target, port, devices }: Host): CaseHost {
  if (target === "sim/vtd" || target === "sim/amdvi") {
    const machine = target === "sim/vtd" ? vtd() : amdvi();
    return simulatedCaseHost(simulatedHost(machine, { mediatedGroup: "present" }));
  }
  if (target.startsWith("sim/")) return { port, devices };
  return {
    port,
    devices,
    abilities: { memoryFile, readOnly: (content) => readOnly(port, content) },
  };
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
