// A port of scripted answers: a call that is not scripted is an error of the test.

import { abiProfile } from "../src/abi/profile.ts";
import type { KernelPort } from "../src/port/kernel-port.ts";

const ENOENT = -2;

export function scriptedPort(script: Partial<KernelPort> = {}): KernelPort {
  return {
    abi: abiProfile("x86_64", 4096),
    open: unscripted,
    close: unscripted,
    ioctl: unscripted,
    ioctlAsync: unscripted,
    readAt: unscripted,
    writeAt: unscripted,
    mapMemory: unscripted,
    eventFd: unscripted,
    waitEvent: unscripted,
    readLink: unscripted,
    list: unscripted,
    readText: unscripted,
    writeText: unscripted,
    ...script,
  };
}

/** What a scripted sysfs holds, by path; all else is not there. */
export interface ScriptedFiles {
  readonly folders?: Readonly<Record<string, readonly string[]>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly texts?: Readonly<Record<string, string>>;
}

export function filesPort({ folders, links, texts }: ScriptedFiles): KernelPort {
  return scriptedPort({
    list: (path) => folders?.[path] ?? ENOENT,
    readLink: (path) => links?.[path] ?? ENOENT,
    readText: (path) => texts?.[path] ?? ENOENT,
  });
}

function unscripted(): never {
  throw new Error("not scripted");
}
