// Where the cases map: inside the first window, wherever a backend puts it.

import { type Container, type Iova, iova } from "@iommukit/core";

/** Bytes of a page that every mapping of the first window is a multiple of. */
export function pageOf(container: Container): number {
  const window = container.windows.list()[0];
  return Number(window?.subwindowSize ?? window?.pageSize ?? 4096);
}

/** A place well inside the first window: no special address of a platform. */
export function firstIova(container: Container): Iova {
  const window = container.windows.list()[0];
  const page = BigInt(pageOf(container));
  return iova((window?.start ?? 0n) + 16n * page);
}
