// How sequences begin and what they are made of, by the IOMMU that they are for.

import { type Environment, isSpapr } from "../environment.ts";
import { isPseries } from "../power-platform.ts";
import * as device from "./device.ts";
import type { Draft } from "./draft.ts";
import * as protocol from "./protocol.ts";
import * as region from "./region.ts";
import * as spapr from "./spapr.ts";
import * as windows from "./spapr-windows.ts";
import * as type1 from "./type1.ts";

export type Step = (draft: Draft) => void;
export type Weighted = readonly (readonly [weight: number, step: Step])[];

const PROTOCOL: Weighted = [
  [5, protocol.addOpen],
  [4, protocol.addClose],
  [6, protocol.addAttach],
  [3, protocol.addDetach],
  [5, protocol.addSetIommu],
  [4, protocol.addCheckExtension],
  [3, protocol.addStatus],
  [3, protocol.addWord],
  [3, device.addDevice],
];

const TYPE1: Weighted = [
  [12, type1.addMap],
  [4, type1.addGoodMap],
  [8, type1.addUnmap],
  [3, type1.addVaddrChange],
  [5, type1.addDirty],
  [2, type1.addUnmapWithBitmap],
  [3, type1.addIommuInfo],
];

const DEVICE: Weighted = [
  [2, device.addDevice],
  [3, device.addDeviceInfo],
  [4, device.addRegionInfo],
  [3, device.addIrqInfo],
  [1, device.addReset],
  [6, device.addSetIrqs],
  [4, region.addConfigRead],
  [4, region.addConfigWrite],
  [2, region.addBarSizing],
  [3, region.addBarRead],
  [1, region.addLiveness],
  [2, region.addOddRegion],
];

export interface Profile {
  readonly begin: readonly Step[];
  readonly end?: Step;
  readonly steps: Weighted;
}

const V2: Step = (draft) => protocol.addEnabled(draft, 3);
const EITHER: Step = (draft) => protocol.addEnabled(draft, draft.random.pick([1, 3, 3]));

type Profiles = readonly (readonly [weight: number, profile: Profile])[];

const TYPE1_PROFILES: Profiles = [
  [
    20,
    {
      begin: [],
      steps: mix([6, PROTOCOL], [1, TYPE1], [1, DEVICE], [1, [[1, protocol.addLimit]]]),
    },
  ],
  [16, { begin: [EITHER], steps: mix([1, PROTOCOL], [8, TYPE1]) }],
  [10, { begin: [V2], steps: mix([1, TYPE1]) }],
  [10, { begin: [EITHER, protocol.addSecondGroup], steps: mix([3, PROTOCOL], [6, TYPE1]) }],
  [6, { begin: [protocol.addLimit, EITHER], steps: mix([1, PROTOCOL], [6, TYPE1]) }],
  [
    14,
    {
      begin: [V2, device.addGoodDevice, protocol.addEventFd],
      steps: mix([1, PROTOCOL], [1, TYPE1], [12, DEVICE]),
    },
  ],
  [
    3,
    {
      begin: [V2, device.addGoodDevice, type1.addGoodMap, type1.addGoodMap, device.addDma],
      end: device.addDma,
      steps: mix([1, PROTOCOL], [12, TYPE1], [2, DEVICE]),
    },
  ],
];

const SPAPR: Weighted = [
  [6, spapr.addRegister],
  [3, spapr.addUnregister],
  [12, spapr.addSpaprMap],
  [4, spapr.addGoodSpaprMap],
  [6, spapr.addSpaprUnmap],
  [2, spapr.addSpaprInfo],
];

const WINDOWS: Weighted = [
  [3, windows.addCreate],
  [2, windows.addRemove],
];

const SPAPR_V1: Weighted = [
  [2, protocol.addEnable],
  [8, spapr.addSpaprMap],
  [4, spapr.addGoodSpaprMap],
  [5, spapr.addSpaprUnmap],
  [1, spapr.addSpaprInfo],
  [1, spapr.addRegister],
  [1, windows.addCreate],
];

const EEH: Weighted = [[1, spapr.addEeh]];
const DMA: Weighted = [[1, spapr.addSpaprDma]];

const SPAPR_V2: Step = (draft) => protocol.addEnabled(draft, 7);
const FIRST: Step = (draft) => {
  protocol.addEnabled(draft, 2);
  protocol.addEnable(draft);
};

const OWN: readonly Step[] = [SPAPR_V2, windows.addOwnWindow, spapr.addGoodRegister];

const FROM_NOTHING: Profile = {
  begin: [],
  steps: mix([6, PROTOCOL], [1, SPAPR], [1, WINDOWS], [1, EEH]),
};
const IN_DEFAULT_WINDOW: Profile = {
  begin: [SPAPR_V2, spapr.addGoodRegister],
  steps: mix([1, PROTOCOL], [8, SPAPR], [1, WINDOWS]),
};
const IN_OWN_WINDOW: Profile = { begin: OWN, steps: mix([6, SPAPR], [4, WINDOWS]) };
const TWO_GROUPS: Profile = {
  begin: [...OWN, protocol.addSecondGroup],
  steps: mix([3, PROTOCOL], [6, SPAPR], [2, WINDOWS]),
};
const FIRST_VERSION: Profile = {
  begin: [FIRST],
  steps: mix([1, PROTOCOL], [8, SPAPR_V1], [1, EEH]),
};
const WITH_EEH: Profile = {
  begin: [SPAPR_V2, windows.addOwnWindow],
  steps: mix([1, EEH], [1, SPAPR]),
};
const ON_DEVICE: Profile = {
  begin: [SPAPR_V2, windows.addOwnWindow, device.addGoodDevice, protocol.addEventFd],
  steps: mix([1, SPAPR], [12, DEVICE]),
};
const WITH_DMA: Profile = {
  begin: [
    ...[...OWN, device.addGoodDevice],
    ...[spapr.addGoodSpaprMap, spapr.addGoodSpaprMap, spapr.addSpaprDma],
  ],
  steps: mix([12, SPAPR], [2, WINDOWS], [2, DMA]),
  end: spapr.addSpaprDma,
};

/**
 * The default window is large, and clearing it at the end costs a guest half a second, so most
 * sequences make a window of their own. On pseries each entry costs a hypercall.
 */
const POWERNV_PROFILES: Profiles = [
  [200, FROM_NOTHING],
  [160, IN_DEFAULT_WINDOW],
  [240, IN_OWN_WINDOW],
  [160, TWO_GROUPS],
  [80, FIRST_VERSION],
  [60, WITH_EEH],
  [60, ON_DEVICE],
  [30, WITH_DMA],
];
const PSERIES_PROFILES: Profiles = [
  [200, FROM_NOTHING],
  [70, IN_DEFAULT_WINDOW],
  [240, IN_OWN_WINDOW],
  [160, TWO_GROUPS],
  [50, FIRST_VERSION],
  [20, WITH_EEH],
  [80, ON_DEVICE],
  [30, WITH_DMA],
];

export function profilesOf(environment: Environment): Profiles {
  if (!isSpapr(environment)) return TYPE1_PROFILES;
  return isPseries(environment) ? PSERIES_PROFILES : POWERNV_PROFILES;
}

/** Each list's share of the whole, whatever its own weights add up to. */
function mix(...parts: readonly (readonly [share: number, list: Weighted])[]): Weighted {
  return parts.flatMap(([share, list]) => {
    const total = list.reduce((sum, [weight]) => sum + weight, 0);
    return list.map(([weight, step]) => [(1000 * share * weight) / total, step] as const);
  });
}
