// Sequence number `index` of a seed: always the same for the same environment.

import type { Environment } from "../environment.ts";
import type { Sequence } from "../op.ts";
import { Random } from "../random.ts";
import * as device from "./device.ts";
import { Draft } from "./draft.ts";
import * as protocol from "./protocol.ts";
import * as region from "./region.ts";
import * as type1 from "./type1.ts";

type Step = (draft: Draft) => void;
type Weighted = readonly (readonly [weight: number, step: Step])[];

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

interface Profile {
  readonly begin: readonly Step[];
  readonly steps: Weighted;
}

const V2: Step = (draft) => protocol.addEnabled(draft, 3);
const EITHER: Step = (draft) => protocol.addEnabled(draft, draft.random.pick([1, 3, 3]));

const PROFILES: readonly (readonly [weight: number, profile: Profile])[] = [
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
      steps: mix([1, PROTOCOL], [12, TYPE1], [2, DEVICE]),
    },
  ],
];

/** Each list's share of the whole, whatever its own weights add up to. */
function mix(...parts: readonly (readonly [share: number, list: Weighted])[]): Weighted {
  return parts.flatMap(([share, list]) => {
    const total = list.reduce((sum, [weight]) => sum + weight, 0);
    return list.map(([weight, step]) => [(1000 * share * weight) / total, step] as const);
  });
}

const LEAST_OPS = 20;
const SPREAD = 40;

export function generateSequence(seed: number, index: number, environment: Environment): Sequence {
  const random = new Random(seed, index);
  const draft = new Draft(random, environment);
  const { begin, steps } = random.weighted(PROFILES);
  for (const step of begin) step(draft);
  const length = LEAST_OPS + random.below(SPREAD + 1);
  while (draft.ops.length < length) random.weighted(steps)(draft);
  const isDma = begin.includes(device.addDma);
  if (isDma) device.addDma(draft);
  return draft.ops;
}
