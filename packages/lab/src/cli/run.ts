// `iommukit run FILE --on A,B`: one program, several machines, their facts.

import { LabError } from "../errors.ts";
import { jsonReporter } from "../run/report-json.ts";
import { peopleReporter } from "../run/report-people.ts";
import { runTargets } from "../run/run-targets.ts";
import { parseTargets } from "../targets/list.ts";
import { ownKernel } from "../targets/own-kernel.ts";
import type { Invocation } from "./command.ts";
import { number, text } from "./options.ts";

const DEFAULT_TIMEOUT_SECONDS = 120;

export async function runRun(invocation: Invocation): Promise<number> {
  const { args, options, json, signal } = invocation;
  const on = text(options, "on");
  if (on === undefined)
    throw new LabError("invalid-option", "run needs --on TARGET[,TARGET…]", {
      hint: "for example --on sim/vtd; iommukit targets lists them",
    });
  const targets = parseTargets(on);
  const names = targets.map(({ name }) => name);
  const qemuArguments = words(text(options, "qemu"));
  if (qemuArguments.length > 0 && !names.some((name) => name.startsWith("qemu/")))
    throw new LabError("invalid-option", "--qemu is for machines that QEMU emulates", {
      hint: "for example --on qemu/pseries",
    });
  const timeout = { least: 0.1, most: 86_400, whole: false };
  const ok = await runTargets({
    file: args[0] ?? "",
    targets,
    timeoutSeconds: number(options, "timeout", timeout) ?? DEFAULT_TIMEOUT_SECONDS,
    seed: number(options, "seed", { least: 0, most: 2 ** 32 - 1, whole: true }),
    kernel: ownKernel(text(options, "kernel"), text(options, "modules")),
    qemuArguments,
    signal,
    openReporter: () => (json ? jsonReporter(invocation) : peopleReporter(names, invocation)),
  });
  return ok ? 0 : 1;
}

function words(line = ""): readonly string[] {
  return line.split(" ").filter((word) => word !== "");
}
