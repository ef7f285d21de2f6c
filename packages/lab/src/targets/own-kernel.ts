// A kernel of the user's own for the QEMU targets: an image and its modules, always both.

import { resolve } from "node:path";
import { LabError } from "../errors.ts";
import type { OwnKernel } from "./target.ts";

/** Valid errors: `invalid-option`. */
export function ownKernel(
  image: string | undefined,
  modulesDir: string | undefined,
): OwnKernel | undefined {
  if (image === undefined && modulesDir === undefined) return undefined;
  if (image !== undefined && modulesDir !== undefined)
    return { image: resolve(image), modulesDir: resolve(modulesDir) };
  throw new LabError(
    "invalid-option",
    image === undefined ? "--modules needs --kernel" : "--kernel needs --modules",
    { hint: "--kernel /boot/vmlinuz-RELEASE --modules /lib/modules/RELEASE" },
  );
}
