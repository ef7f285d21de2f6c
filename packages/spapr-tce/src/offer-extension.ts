// What lies under the key SPAPR: what windows can be made of here, for the planner.

import {
  type ExtensionContext,
  type ExtensionKey,
  extensionKey,
  type ProbeContext,
} from "@iommukit/core";
import { readOffer } from "./info.ts";
import type { WindowOffer } from "./offer.ts";

/** What only sPAPR v2 tells. */
export interface Spapr {
  /**
   * Page sizes, levels and windows that the kernel offers for the container's groups now.
   *
   * Valid errors: `closed`, `wrong-state`, `kernel-refused`, `kernel-misbehaved`.
   */
  readOffer(): WindowOffer;
}

/** `container.extension(SPAPR)`; `not-offered` under any other backend, and under v1. */
export const SPAPR: ExtensionKey<Spapr> = extensionKey("SPAPR");

export function createSpapr(context: ProbeContext, extension: ExtensionContext): Spapr {
  return Object.freeze({
    readOffer: (): WindowOffer => {
      extension.assertUsable("readOffer");
      return readOffer(context);
    },
  });
}
