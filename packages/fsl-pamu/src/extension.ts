// What a PAMU has and the other families have not: MSI banks, a stash target, resuming blocked devices.

import {
  bytes,
  type ExtensionContext,
  type ExtensionKey,
  extensionKey,
  IommuError,
  type Iova,
  type KernelPort,
} from "@iommukit/core";
import type { Attributes } from "./attributes.ts";
import { type EnableCalls, enableAgain, remapAll } from "./enable.ts";
import type { ApertureControl } from "./geometry.ts";
import type { MsiBanks, MsiWindow } from "./msi-banks.ts";
import { checkedStash, type StashTarget } from "./stash.ts";

/** The PAMU's own controls of one container: `container.extension(PAMU)`. */
export interface Pamu {
  /** Windows that the hardware can cut an aperture into: a power of two. */
  readonly maxWindows: number;
  /** Number of MSI banks. 3 on P-series SoCs, 4 on T-series. */
  readonly msiBanks: number;
  /**
   * Gives an MSI bank the window at `iova`, which takes no mapping until it is given back. Map
   * every bank before a device's MSI is enabled: which one it gets is the kernel's choice, and it
   * has no MSI without.
   *
   * Valid errors: `closed`, `wrong-state`, `invalid-argument` (no such bank), `already-mapped`,
   * `invalid-address`, `misaligned`, `outside-window`, `no-iova-space` (an aperture of one window),
   * `kernel-refused`.
   */
  mapMsiBank(bank: number, iova: Iova): void;
  /** Valid errors: `closed`, `wrong-state`, `invalid-argument`, `not-mapped`, `kernel-refused`. */
  unmapMsiBank(bank: number): void;
  /** The windows of MSI banks, by bank. Valid errors: `closed`, `wrong-state`. */
  msiWindows(): readonly MsiWindow[];
  /**
   * Sets which cache takes what devices write, for all windows. It lasts until another is set; no
   * version of the ABI takes it back.
   *
   * Valid errors: `closed`, `wrong-state`, `invalid-argument`, `kernel-refused`.
   */
  setStash(target: StashTarget): void;
  /**
   * Lets devices go on that were cut off after a violation: the kernel blocks a device at its first access
   * outside the mappings. Does nothing while nothing is mapped: the first mapping enables. The kernel says
   * neither that it has cut a device off nor that it let it go on; one that holds a violation until nothing is
   * mapped, as the simulated one does in mode `strict`, goes on with `remap` only.
   *
   * Valid errors: `closed`, `wrong-state`, `invalid-argument`, `no-iova-space` (no free window),
   * and those of map and unmap.
   */
  resume(how?: ResumeMethod): void;
}

/**
 * How devices are let go on. `enable`, the default, disturbs nobody: the vendor's driver enables
 * whenever a map succeeds, so a free window is mapped for a moment. `remap` unmaps everything and
 * maps it again, for a driver that holds a violation against a device until DMA was off: devices
 * that were not cut off are, meanwhile.
 */
export type ResumeMethod = "enable" | "remap";

/** The key of `Pamu`. */
export const PAMU: ExtensionKey<Pamu> = extensionKey("PAMU");

/** What the extension works with. */
export interface PamuParts {
  readonly port: KernelPort;
  readonly aperture: ApertureControl;
  readonly attributes: Attributes;
  readonly banks: MsiBanks;
  readonly calls: EnableCalls;
}

export function createPamu(parts: PamuParts, context: ExtensionContext): Pamu {
  const { aperture, attributes, banks, port, calls } = parts;
  return Object.freeze({
    maxWindows: aperture.limits.maxWindows,
    msiBanks: banks.count,
    mapMsiBank(bank: number, iova: Iova): void {
      context.assertUsable("mapMsiBank");
      banks.checkFree(bank);
      if (aperture.count === 1) throw oneWindow();
      const size = bytes(aperture.windowSize ?? 0x1000n);
      context.reserve(iova, size, `the window of MSI bank ${bank}`);
      try {
        aperture.cut();
        banks.map(bank, iova);
      } catch (error) {
        context.release(iova);
        throw error;
      }
    },
    unmapMsiBank(bank: number): void {
      context.assertUsable("unmapMsiBank");
      context.release(banks.unmap(bank));
    },
    msiWindows(): readonly MsiWindow[] {
      context.assertUsable("msiWindows");
      return banks.windows;
    },
    setStash(target: StashTarget): void {
      context.assertUsable("setStash");
      const stash = checkedStash(port, target);
      aperture.cut();
      attributes.setStash(stash);
    },
    resume(how: ResumeMethod = "enable"): void {
      context.assertUsable("resume");
      if (how === "enable") enableAgain("resume", calls, context);
      else if (how === "remap") remapAll(calls, context);
      else throw noSuchMethod(how);
    },
  });
}

function noSuchMethod(how: never): IommuError {
  return new IommuError({
    code: "invalid-argument",
    operation: "resume",
    sentence: `resume refused: ${String(how)} is no method`,
    hint: "enable or remap",
  });
}

/** The driver would shrink the whole aperture to the bank's 4 KiB. */
function oneWindow(): IommuError {
  return new IommuError({
    code: "no-iova-space",
    operation: "mapMsiBank",
    sentence:
      "mapMsiBank refused: the aperture is one window, which an MSI bank would shrink to 4 KiB",
    hint: "create an aperture of at least two windows",
  });
}
