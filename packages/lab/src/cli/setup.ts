// `iommukit setup`: fetches what targets need. What is there already is only checked.

import { LabError, reportOf } from "../errors.ts";
import { prepareTarget } from "../setup/prepare-target.ts";
import { openSetupReport } from "../setup/setup-report.ts";
import { TARGETS, targetNamed } from "../targets/list.ts";
import { ownKernel } from "../targets/own-kernel.ts";
import type { Target } from "../targets/target.ts";
import type { Invocation } from "./command.ts";
import { text } from "./options.ts";

export async function runSetup(invocation: Invocation): Promise<number> {
  const { args, options, signal } = invocation;
  const targets = chosen(args);
  const common = {
    kernel: ownKernel(text(options, "kernel"), text(options, "modules")),
    mirror: text(options, "mirror"),
    refresh: options["refresh"] === true,
    signal,
  };
  const report = openSetupReport(invocation);
  let ok = true;
  try {
    for (const target of targets) {
      const { name } = target;
      try {
        const onProgress = report.progress.bind(undefined, name);
        report.done(name, await prepareTarget(target, { ...common, onProgress }));
      } catch (error) {
        signal.throwIfAborted();
        ok = false;
        report.failed(name, reportOf(error));
      }
    }
  } finally {
    report.close();
  }
  return ok ? 0 : 1;
}

/** Without a name, all that there is something to do for. Valid errors: `unknown-target`. */
function chosen(args: readonly string[]): readonly Target[] {
  if (args.length === 0) return TARGETS.filter(({ name }) => name.startsWith("qemu/"));
  const names = args.flatMap((list) => list.split(","));
  if (names.includes("")) throw new LabError("invalid-argument", "setup was given an empty target");
  return [...new Set(names)].map(targetNamed);
}
