// One container under the vendor's driver: aperture, banks and calls, bound once and in the one
// legal order.
//
// Geometry before windows, windows before MSI banks and mappings; the first mapping enables. Closing goes
// the other way round: the engine unmaps, then `close` takes the MSI windows away, then groups leave.

import type {
  BackendSession,
  DmaWindow,
  ExtensionContext,
  ExtensionMap,
  ProbeContext,
  WindowRequest,
} from "@iommukit/core";
import type { ApertureRequest } from "./aperture.ts";
import { bindAttributes } from "./attributes.ts";
import { pamuCapabilities } from "./capabilities.ts";
import { enableAgain } from "./enable.ts";
import { createPamu, PAMU } from "./extension.ts";
import { ApertureControl } from "./geometry.ts";
import { LockedBytes } from "./locked-memory.ts";
import { createMap, createMapAsync, type DmaContext } from "./map.ts";
import { MsiBanks } from "./msi-banks.ts";
import { createUnmap } from "./unmap.ts";

/** The type was set on the container. */
export function createSession(
  context: ProbeContext,
  asked: ApertureRequest | undefined,
): BackendSession {
  const attributes = bindAttributes(context);
  const aperture = new ApertureControl(context, attributes, asked);
  const banks = new MsiBanks(context);
  const windowSize = (): bigint | undefined => aperture.windowSize;
  const dma: DmaContext = {
    ...context,
    windowSize,
    cut: () => aperture.cut(),
    locked: new LockedBytes(),
  };
  const calls = { map: createMap(dma), unmap: createUnmap(dma), windowSize };
  const { maxWindows } = aperture.limits;
  const session: BackendSession = {
    capabilities: pamuCapabilities({ maxWindows, msiBanks: banks.count }),
    readWindows: (): readonly DmaWindow[] => aperture.read(),
    readMappingsAvailable: () => undefined,
    map: calls.map,
    mapAsync: createMapAsync(dma),
    unmap: calls.unmap,
    createWindow: (request: WindowRequest): DmaWindow => aperture.create(request),
    removeWindow: (window: DmaWindow): void => aperture.remove(window),
    groupJoined: (engine: ExtensionContext): void => enableAgain("attach", calls, engine),
    close: () => banks.unmapAll(),
    extensions: (engine: ExtensionContext): ExtensionMap =>
      new Map([
        [PAMU, createPamu({ port: context.port, aperture, attributes, banks, calls }, engine)],
      ]),
  };
  return Object.freeze(session);
}
