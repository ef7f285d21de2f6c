// Runs one case on a host and says what came of it; never throws for what a kernel answers.
//
// After every case the process must have as many locked pages as before: a case that leaves a
// mapping behind has failed, whatever its steps said.

import { Bench } from "./bench.ts";
import type { Case, Step } from "./case.ts";
import { prepare } from "./environment.ts";
import type { CaseHost } from "./host.ts";
import { unmetNeed } from "./needs.ts";

export type CaseResult =
  | { readonly kind: "ok" }
  | { readonly kind: "not applicable"; readonly reason: string }
  | {
      readonly kind: "failed";
      readonly call: string;
      readonly expected: string;
      readonly got: string;
    };

/** `lockedPages` counts in 4 KiB. */
const KILOBYTES_PER_PAGE = 4;
const OK: CaseResult = { kind: "ok" };

export async function runCase(each: Case, host: CaseHost): Promise<CaseResult> {
  const reason = withBench(host, (bench) => unmetNeed(each.needs ?? [], bench));
  if (reason !== undefined) return { kind: "not applicable", reason };
  const bench = new Bench(host);
  const before = bench.lockedPages();
  const result = await attempt(bench, each);
  const leak = (each.leak?.(bench) ?? 0) / KILOBYTES_PER_PAGE;
  bench.closeAll();
  const after = bench.lockedPages();
  if (result.kind !== "ok" || after === before + leak || Number.isNaN(before)) return result;
  return failed("everything closed", `${before + leak} pages locked`, `${after} pages locked`);
}

async function attempt(bench: Bench, each: Case): Promise<CaseResult> {
  try {
    prepare(bench, each.from);
  } catch (error) {
    return failed(`begin from ${each.from}`, "ready", messageOf(error));
  }
  for (const step of each.steps) {
    const result = await runStep(bench, step);
    if (result.kind !== "ok") return result;
  }
  return OK;
}

async function runStep(bench: Bench, { call, expected, run }: Step): Promise<CaseResult> {
  const wanted = typeof expected === "string" ? expected : expected(bench);
  try {
    const got = await run(bench);
    return got === wanted ? OK : failed(call, wanted, got);
  } catch (error) {
    return failed(call, wanted, messageOf(error));
  }
}

function withBench<T>(host: CaseHost, use: (bench: Bench) => T): T {
  const bench = new Bench(host);
  try {
    return use(bench);
  } finally {
    bench.closeAll();
  }
}

function failed(call: string, expected: string, got: string): CaseResult {
  return { kind: "failed", call, expected, got };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
