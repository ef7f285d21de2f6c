// One call of a container, whose only good answer is 0.

import { type Facts, type KernelAnswer, type ProbeContext, refusedByKernel } from "@iommukit/core";
import { type IoctlCommand, ioctlNumber } from "@iommukit/core/abi";

/** Valid errors: `kernel-refused`, `permission-denied`, `out-of-memory`, `kernel-misbehaved`. */
export function demandZero(
  { port }: ProbeContext,
  operation: string,
  result: number,
  more: Pick<KernelAnswer, "sentence" | "codes" | "hints"> & { readonly facts?: Facts },
): void {
  if (result !== 0) throw refusedByKernel(port.abi, { operation, result, ...more });
}

/** The raw result of a call of this container. */
export function call(
  { port, container }: ProbeContext,
  command: IoctlCommand,
  argument: Uint8Array | number,
): number {
  return port.ioctl(container, ioctlNumber(port.abi, command), argument);
}
