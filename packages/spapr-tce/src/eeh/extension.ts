// What lies under the key EEH: freezing, thawing and resetting the PE of a container's group.

import {
  checkExtension,
  type ExtensionContext,
  type ExtensionKey,
  type ExtensionMap,
  extensionKey,
  type ProbeContext,
} from "@iommukit/core";
import { VFIO_EEH } from "@iommukit/core/uapi";
import { requireOneOf, requireOptions } from "../arguments.ts";
import { bindEeh } from "./calls.ts";
import { INJECTION, type InjectedError, injectionOf } from "./injection.ts";
import { type RecoverOptions, recover } from "./recover.ts";
import type { PeState } from "./states.ts";
import { type EehEvent, type WatchOptions, watch } from "./watch.ts";

/** How a PE is reset. A `fundamental` reset also reloads what the adapter loads at power-on. */
export type ResetKind = "hot" | "fundamental";

/**
 * Enhanced error handling: the hardware stops a PE at its first error, and it stays stopped until it is
 * thawed or reset. Mappings survive all of it.
 *
 * Every method: `closed`, `wrong-state` (also where the PE's state does not allow it), `not-offered` (more
 * than one group, no PE, or the firmware cannot), `permission-denied`, `kernel-refused`, `kernel-misbehaved`.
 */
export interface Eeh {
  /** Asks for the PE's state. */
  readState(): PeState;
  /** VFIO_EEH_PE_ENABLE: watching on; a PE that is stopped is thawed. */
  enable(): void;
  /** VFIO_EEH_PE_DISABLE: accepted, and without effect in Linux 6.12. */
  disable(): void;
  /** Lets the CPU reach the devices again; `stopped` becomes `dma-stopped`. */
  unfreezeIo(): void;
  /** Lets the devices do DMA again, once the CPU reaches them. */
  unfreezeDma(): void;
  /** Asserts a reset: from then on the devices are silent, until `endReset`. Also `invalid-argument`. */
  startReset(kind: ResetKind): void;
  /** Ends the reset, restores configuration space and thaws the PE. */
  endReset(): void;
  /** Restores bridges and configuration after a reset (RTAS ibm,configure-pe; nothing on powernv). */
  configure(): void;
  /** Injects an error, where the firmware can. Valid errors: also `invalid-argument`. */
  injectError(error: InjectedError): void;
  /** Brings the PE back to `normal`, or says why it is not. */
  recover(options?: RecoverOptions): Promise<PeState>;
  /** Tells each change of the state, until the signal fires or the container closes. */
  watch(options?: WatchOptions): AsyncIterable<EehEvent>;
}

/** `container.extension(EEH)`; `not-offered` where the kernel does not watch PEs. */
export const EEH: ExtensionKey<Eeh> = extensionKey("EEH");

/** The key with its control, where the kernel watches PEs. */
export function eehExtension(context: ProbeContext, extension: ExtensionContext): ExtensionMap {
  const { port, container } = context;
  if (checkExtension(port, container, VFIO_EEH) <= 0) return new Map();
  const { readState, perform } = bindEeh(context, (operation) => extension.assertUsable(operation));
  const eeh: Eeh = {
    readState,
    enable: () => perform("enable"),
    disable: () => perform("disable"),
    unfreezeIo: () => perform("unfreeze-io"),
    unfreezeDma: () => perform("unfreeze-dma"),
    startReset: (kind) => {
      requireOneOf("startReset", kind, ["hot", "fundamental"]);
      perform(kind === "hot" ? "hot-reset" : "fundamental-reset");
    },
    endReset: () => perform("end-reset"),
    configure: () => perform("configure"),
    injectError: (error) => {
      requireOptions("injectError", error, INJECTION);
      perform("inject-error", injectionOf(error));
    },
    recover: (options) => recover(port, { readState, perform }, options),
    watch: (options) => watch(port, readState, options),
  };
  return new Map([[EEH, Object.freeze(eeh)]]);
}
