/**
 * Makes a program end together with this process, even when this process is killed with SIGKILL
 * and can clean up nothing.
 *
 * setpriv(1) asks the kernel for it (PR_SET_PDEATHSIG) and then becomes the program, so process
 * number, descriptors and status stay what they are. The kernel sends the signal when the thread
 * that started the program ends, so in a worker the program ends with the worker.
 */

import { findTool, type Tool } from "./tools.ts";

/** From util-linux, so on every distribution; where it is missing the program runs unbound. */
const SETPRIV: Tool = {
  name: "setpriv",
  purpose: "end a program together with this process",
  packages: { debian: "util-linux", fedora: "util-linux", arch: "util-linux" },
};

/** The command to run instead, as program and arguments. */
export function bound(
  signal: "KILL" | "INT",
  program: string,
  args: readonly string[],
): [string, readonly string[]] {
  const setpriv = findTool(SETPRIV);
  if (setpriv === undefined) return [program, args];
  return [setpriv, ["--pdeathsig", signal, "--", program, ...args]];
}
