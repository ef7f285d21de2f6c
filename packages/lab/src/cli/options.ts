// Reads the values of options, each with its own range.

import { LabError } from "../errors.ts";
import type { OptionValues } from "./command.ts";

export function text(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return value === true ? undefined : value;
}

export interface NumberRange {
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

/** Valid errors: `invalid-option`. */
export function number(
  options: OptionValues,
  name: string,
  { least, most, whole }: NumberRange,
): number | undefined {
  const written = text(options, name);
  if (written === undefined) return undefined;
  const value = /^\d+(\.\d+)?$/.test(written) ? Number(written) : Number.NaN;
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  throw new LabError("invalid-option", `--${name} ${written} is not what the option takes`, {
    hint: `--${name} takes ${whole ? "a whole number" : "a number"} from ${least} to ${most}`,
  });
}
