// One container under Type1: its windows, its capabilities, and the calls bound once.

import type { BackendSession, CapabilityRecord, DmaWindow, ProbeContext } from "@iommukit/core";
import { createAddressUpdate } from "./address-update.ts";
import { readCapabilities } from "./capabilities.ts";
import { createDirty } from "./dirty.ts";
import { readInfo } from "./info.ts";
import { iovaWindows } from "./iova-windows.ts";
import { createMap, createMapAsync } from "./map.ts";
import { createUnmap, createUnmapAll } from "./unmap.ts";
import type { Type1Version } from "./version.ts";

export function createSession(context: ProbeContext, version: Type1Version): BackendSession {
  let info = readInfo(context);
  let capabilities = readCapabilities(context, info, version);
  const offered = (name: string): boolean => capabilities[name]?.offered === true;
  const session: BackendSession = {
    get capabilities(): CapabilityRecord {
      return capabilities;
    },
    readWindows(): readonly DmaWindow[] {
      // A group that came or left changes the ranges, the page sizes and DMA_CC together.
      info = readInfo(context);
      capabilities = readCapabilities(context, info, version);
      return iovaWindows(info);
    },
    readMappingsAvailable: () => readInfo(context).mappingsAvailable,
    map: createMap(context),
    mapAsync: createMapAsync(context),
    unmap: createUnmap(context),
    ...(offered("unmap-all") && { unmapAll: createUnmapAll(context) }),
    ...(info.migration !== undefined &&
      offered("dirty-tracking") && { dirty: createDirty(context, info.migration) }),
    ...(offered("update-vaddr") && { addressUpdate: createAddressUpdate(context) }),
  };
  return Object.freeze(session);
}
