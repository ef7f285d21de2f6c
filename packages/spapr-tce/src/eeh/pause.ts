// Waits, on the port's own clock: an event that nobody raises runs into its time limit.

import { type KernelPort, refusedByKernel } from "@iommukit/core";

/** Valid errors: `kernel-refused` (no event descriptor). */
export async function pause(port: KernelPort, milliseconds: number): Promise<void> {
  const event = port.eventFd();
  if (event < 0)
    throw refusedByKernel(port.abi, {
      operation: "eventfd",
      result: event,
      sentence: "the kernel gives no event to wait on",
    });
  try {
    await port.waitEvent(event, milliseconds);
  } finally {
    port.close(event);
  }
}
