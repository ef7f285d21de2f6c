// One container under Type1: its windows, its capabilities, and the calls bound once.

import type {
  AddressUpdateSession,
  BackendSession,
  CapabilityRecord,
  DirtySession,
  DmaWindow,
  ProbeContext,
} from "@iommukit/core";
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
  let dirty: DirtySession | undefined;
  let addressUpdate: AddressUpdateSession | undefined;
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
    // What the kernel offers may change with the groups (VFIO_UPDATE_VADDR is 0 with a mediated device).
    // What was offered once stays bound: mappings whose address is invalid must be supplied somehow.
    get dirty(): DirtySession | undefined {
      if (info.migration !== undefined && offered("dirty-tracking"))
        dirty ??= createDirty(context, info.migration);
      return dirty;
    },
    get addressUpdate(): AddressUpdateSession | undefined {
      if (offered("update-vaddr")) addressUpdate ??= createAddressUpdate(context);
      return addressUpdate;
    },
  };
  return Object.freeze(session);
}
