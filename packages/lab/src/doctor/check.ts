// What the doctor looks at, and what it says of it.

import type { GroupInfo, KernelPort } from "@iommukit/core";

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  /** What was seen, for people. */
  readonly found: string;
  /** What to do; null when nothing needs doing. */
  readonly remedy: string | null;
}

/** Read once, because several checks ask the same. */
export interface Patient {
  readonly port: KernelPort;
  readonly groups: readonly GroupInfo[];
  /** Whose IOMMU to expect; `x86` when the maker is not known. */
  readonly cpu: "intel" | "amd" | "x86" | "other";
}

export function well(check: string, found: string, remedy: string | null = null): Finding {
  return { check, ok: true, found, remedy };
}

export function ill(check: string, found: string, remedy: string): Finding {
  return { check, ok: false, found, remedy };
}

/** A small text file without its line end, or undefined when it cannot be read. */
export function line(port: KernelPort, path: string): string | undefined {
  const text = port.readText(path);
  return typeof text === "string" ? text.trim() : undefined;
}

export function exists(port: KernelPort, path: string): boolean {
  return typeof port.list(path) !== "number";
}
