// Makes one target ready, as far as that is this command's to do: kernels yes, installing programs no.

import { access } from "node:fs/promises";
import { join } from "node:path";
import { match, P } from "ts-pattern";
import { type Progress, QemuError, setupTarget as setupMachine } from "../qemu/index.ts";
import type { OwnKernel, Target } from "../targets/target.ts";

export interface SetupOptions {
  readonly kernel: OwnKernel | undefined;
  readonly mirror: string | undefined;
  readonly refresh: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export interface SetupDone {
  /** Whether anything had to be fetched or unpacked. */
  readonly changed: boolean;
  /** One sentence. */
  readonly detail: string;
}

/** Valid errors: those of the QEMU library's `setupTarget`. */
export function prepareTarget(target: Target, options: SetupOptions): Promise<SetupDone> {
  return match(target.name)
    .with(P.string.startsWith("qemu/"), (name) => fetchKernel(name, options))
    .with("host", () =>
      Promise.resolve(nothing("nothing to fetch; iommukit doctor tells what it lacks")),
    )
    .otherwise(() => Promise.resolve(nothing("nothing to set up")));
}

async function fetchKernel(name: string, options: SetupOptions): Promise<SetupDone> {
  const { kernel: own, mirror, refresh, signal, onProgress } = options;
  if (own !== undefined) return await checkOwn(own);
  const { kernel, changed } = await setupMachine(name, { mirror, refresh, signal, onProgress });
  return { changed, detail: `Linux ${kernel.release}${changed ? "" : ", set up before"}` };
}

async function checkOwn({ image, modulesDir }: OwnKernel): Promise<SetupDone> {
  for (const file of [image, join(modulesDir, "modules.dep")])
    await access(file).catch((cause: unknown) => {
      throw new QemuError("file-unreadable", "A file of the kernel given cannot be read.", {
        facts: { file },
        hint: "--kernel takes the kernel's image, --modules the folder that has modules.dep (depmod)",
        cause,
      });
    });
  return nothing(`give --kernel ${image} --modules ${modulesDir} to iommukit run as well`);
}

function nothing(detail: string): SetupDone {
  return { changed: false, detail };
}
