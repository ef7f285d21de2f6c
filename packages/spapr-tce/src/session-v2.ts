// One container under v2: registered memory, two windows, and the calls bound once.

import {
  type BackendSession,
  type CapabilityRecord,
  checkExtension,
  type DmaWindow,
  type ExtensionKey,
  IommuError,
  type Negotiation,
  type ProbeContext,
} from "@iommukit/core";
import { VFIO_EEH } from "@iommukit/core/uapi";
import { capabilitiesOf } from "./capabilities.ts";
import { eehExtension } from "./eeh/extension.ts";
import { readOffer } from "./info.ts";
import { createMap, createMapAsync } from "./map.ts";
import type { WindowOffer } from "./offer.ts";
import { createSpapr, SPAPR } from "./offer-extension.ts";
import { createRegister, createUnregister } from "./register.ts";
import { createClear, createUnmap, makeDefaultWindow } from "./unmap.ts";
import { WindowSlots } from "./window-slots.ts";
import { createCreateWindow, createRemoveWindow, defaultTableBytes } from "./windows.ts";

export function createSessionV2(context: ProbeContext, negotiation: Negotiation): BackendSession {
  const { port } = context;
  let offer = readGroupsOffer(context);
  let capabilities = readCapabilities(context, offer);
  const slots = new WindowSlots(offer);
  const clear = createClear(context);
  const prepare = (iova: bigint): void => {
    if (!slots.pending || iova > slots.pendingLast) return;
    makeDefaultWindow(port, clear, offer.defaultWindow.start, defaultTableBytes(offer));
    slots.made();
  };
  const map = createMap(context, 2, prepare, clear);
  const session: BackendSession = {
    negotiation,
    get capabilities(): CapabilityRecord {
      return capabilities;
    },
    readWindows(): readonly DmaWindow[] {
      // The kernel tells of the group that joined last.
      offer = readGroupsOffer(context);
      capabilities = readCapabilities(context, offer);
      return slots.list;
    },
    readMappingsAvailable: () => undefined,
    map,
    mapAsync: createMapAsync(context, map, clear),
    unmap: createUnmap(context, clear),
    createWindow: createCreateWindow(context, () => offer, slots),
    removeWindow: createRemoveWindow(context, slots),
    register: createRegister(context),
    unregister: createUnregister(context),
    wipedByDetach: true,
    ...(offer.tables === "flat" && { oneGroup: ONE_GROUP }),
    extensions: (extension) =>
      new Map<ExtensionKey<unknown>, unknown>([
        [SPAPR, createSpapr(context, extension)],
        ...eehExtension(context, extension),
      ]),
  };
  return Object.freeze(session);
}

function readCapabilities({ port, container }: ProbeContext, offer: WindowOffer): CapabilityRecord {
  return capabilitiesOf(offer, checkExtension(port, container, VFIO_EEH));
}

const ONE_GROUP = "under an LPAR's hypervisor a container holds one group";

/**
 * An LPAR's windows belong to one group: a second one may join while there is none, and then the kernel
 * charges for windows that it cannot make (spapr_tce_set_window, platforms/pseries/iommu.c, 6.12).
 */
function readGroupsOffer(context: ProbeContext): WindowOffer {
  const offer = readOffer(context);
  if (offer.tables === "levelled" || context.groups().length <= 1) return offer;
  throw new IommuError({
    code: "not-offered",
    operation: "attach",
    sentence: ONE_GROUP,
    facts: { groups: context.groups().map(String) },
    hint: "open a container for each group, and map in each",
  });
}
