// One container under Type1v2: its windows, its capabilities, and the calls bound once.

import type { BackendSession, CapabilityRecord, DmaWindow, ProbeContext } from "@iommukit/core";
import { readCapabilities } from "./capabilities.ts";
import { readInfo } from "./info.ts";
import { iovaWindows } from "./iova-windows.ts";
import { createMap, createMapAsync } from "./map.ts";
import { createUnmap, createUnmapAll } from "./unmap.ts";

export function createSession(context: ProbeContext): BackendSession {
  let info = readInfo(context);
  let capabilities = readCapabilities(context, info);
  const session: BackendSession = {
    get capabilities(): CapabilityRecord {
      return capabilities;
    },
    readWindows(): readonly DmaWindow[] {
      // A group that came or left changes the ranges, the page sizes and DMA_CC together.
      info = readInfo(context);
      capabilities = readCapabilities(context, info);
      return iovaWindows(info);
    },
    readMappingsAvailable: () => readInfo(context).mappingsAvailable,
    map: createMap(context),
    mapAsync: createMapAsync(context),
    unmap: createUnmap(context),
    ...(capabilities["unmap-all"]?.offered === true && { unmapAll: createUnmapAll(context) }),
  };
  return Object.freeze(session);
}
