// An error for people: what happened, where, and what to do about it.

import type { ErrorReport } from "../errors.ts";
import { type Terminal, visible } from "./terminal.ts";

export interface ErrorTextOptions {
  readonly terminal: Terminal;
  readonly verbose: boolean;
  /** Put before each line. */
  readonly indent?: string;
}

export function errorText(error: ErrorReport, options: ErrorTextOptions): string {
  const { terminal, verbose, indent = "" } = options;
  const [sentence = "", ...more] = error.message.split("\n");
  const lines = [
    `${terminal.style("red", "error")}: ${sentence} ${terminal.style("dim", `[${error.code}]`)}`,
    ...more,
    ...(error.at === undefined ? [] : [`  at ${error.at}`]),
    ...(error.hint === undefined ? [] : [`${terminal.style("cyan", "  hint")}: ${error.hint}`]),
    ...(verbose && error.stack !== undefined ? [frames(error.stack)] : []),
  ];
  return lines
    .flatMap((text) => text.split("\n"))
    .map((text) => `${indent}${sound(text)}\n`)
    .join("");
}

/** The message may hold what a program said; our own colours stay. */
function sound(text: string): string {
  return text
    .split(String.fromCharCode(27))
    .map((part, index) =>
      index > 0 && /^\[[0-9;]*m/.test(part) ? `\u001b${visible(part)}` : visible(part),
    )
    .join("");
}

function frames(stack: string): string {
  return stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .join("\n");
}
