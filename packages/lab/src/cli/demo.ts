// `iommukit demo`: one DMA program on each simulated host, and what its device could reach.

import { demoText, sideBySide } from "../demo/demo-text.ts";
import { type DemoResult, demonstrate } from "../demo/scenario.ts";
import { openSimulated } from "../sim/machines.ts";
import { SIMULATED } from "../sim/names.ts";
import type { Invocation } from "./command.ts";

export function runDemo({ json, terminal }: Invocation): Promise<number> {
  const results: DemoResult[] = [];
  for (const { name, summary } of SIMULATED) {
    const result = demonstrate(openSimulated(name, undefined));
    results.push(result);
    terminal.out(json ? `${JSON.stringify(result)}\n` : `${demoText(result, summary, terminal)}\n`);
  }
  const ok = results.every((result) => result.ok);
  if (!json) terminal.out(`${sideBySide(results, terminal)}\n${verdict(ok)}\n`);
  return Promise.resolve(ok ? 0 : 1);
}

function verdict(ok: boolean): string {
  if (!ok)
    return "Something went wrong: a device reached what it must not, or did not reach what it may.";
  return "The same driver code runs on real kernels: iommukit setup, then iommukit run FILE --on qemu/vtd";
}
