// What record and replay are told alike.

import { LabError } from "../errors.ts";
import type { HowToRun } from "../record/run-record.ts";
import { targetNamed } from "../targets/list.ts";
import { ownKernel } from "../targets/own-kernel.ts";
import type { Target } from "../targets/target.ts";
import type { Invocation } from "./command.ts";
import { number, text } from "./options.ts";

const DEFAULT_TIMEOUT_SECONDS = 240;

/** Valid errors: `invalid-option`, `unknown-target`. */
export function oneTarget({ options }: Invocation, command: string): Target {
  const on = text(options, "on");
  if (on !== undefined) return targetNamed(on);
  throw new LabError("invalid-option", `${command} needs --on TARGET`, {
    hint: "for example --on qemu/vtd",
  });
}

/** Valid errors: `invalid-option`. */
export function howToRun({ options, signal }: Invocation): HowToRun {
  const timeout = { least: 0.1, most: 86_400, whole: false };
  return {
    timeoutSeconds: number(options, "timeout", timeout) ?? DEFAULT_TIMEOUT_SECONDS,
    seed: number(options, "seed", { least: 0, most: 2 ** 32 - 1, whole: true }),
    kernel: ownKernel(text(options, "kernel"), text(options, "modules")),
    signal,
  };
}
