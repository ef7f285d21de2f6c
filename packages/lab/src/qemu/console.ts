/**
 * The guest kernel's console: kept as evidence, and searched for signs that the kernel is unwell.
 */

export type KernelTroubleKind = "panic" | "oops" | "bug" | "warning" | "stall";

export interface KernelTrouble {
  readonly kind: KernelTroubleKind;
  readonly line: string;
}

/** The first lines of the kernel's own reports, as they have been worded for many versions. */
const SIGNS: readonly (readonly [KernelTroubleKind, RegExp])[] = [
  ["panic", /Kernel panic - not syncing/],
  ["oops", /\bOops(:|\b.*\[#\d+\])|general protection fault|kernel NULL pointer dereference/],
  ["bug", /\bBUG: |kernel BUG at |scheduling while atomic|KASAN:|UBSAN:/],
  ["warning", /\bWARNING: (CPU|possible|suspicious|inconsistent|bad unlock)/],
  ["stall", /blocked for more than \d+ seconds|soft lockup|rcu.*detected.*stall/],
];

/** Reports of trouble in a console log, in order; empty if the kernel was well. */
export function kernelTroubles(consoleLog: string): KernelTrouble[] {
  return consoleLog.split("\n").flatMap((line) => {
    const sign = SIGNS.find(([, pattern]) => pattern.test(line));
    return sign === undefined ? [] : [{ kind: sign[0], line }];
  });
}

export interface Log {
  readonly add: (line: string) => void;
  readonly text: () => string;
  readonly last: (count: number) => string[];
}

/** Keeps the first and the last lines of what may be an endless stream. */
export function boundedLog(limit: number = 20_000): Log {
  const head: string[] = [];
  const tail: string[] = [];
  const half = Math.ceil(limit / 2);
  let dropped = 0;
  const add = (line: string): void => {
    if (head.length < half) return void head.push(line);
    tail.push(line);
    // Dropping in large pieces keeps the cost per line constant.
    if (tail.length < limit) return;
    dropped += tail.splice(0, tail.length - half).length;
  };
  const lines = (): string[] =>
    dropped === 0 ? [...head, ...tail] : [...head, `[${dropped} lines dropped]`, ...tail];
  return { add, text: () => lines().join("\n"), last: (count) => lines().slice(-count) };
}
