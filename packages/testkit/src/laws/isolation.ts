// The laws of isolation, asked of the devices themselves: what they reach is what is mapped.
//
// A probe reads and writes eight bytes under a device's identity. Each page of host memory carries its
// own number, so that a wrong page is seen, not only a missing fault.

import type { ModelPage } from "../model/model.ts";
import type { LiveContainer, World } from "../model/world.ts";
import { demand, type LawId } from "./law.ts";

/** The devices of the simulated machines and their groups. */
export const REQUESTERS: readonly { readonly address: string; readonly group: number }[] = [
  { address: "0000:00:02.0", group: 2 },
  { address: "0000:00:03.0", group: 3 },
  { address: "0000:00:04.0", group: 4 },
  { address: "0000:00:04.1", group: 4 },
];

const PAGE = 4096;
/** A probe's read looks at the tag, its write leaves a mark beside it. */
const MARK_AT = 8;
const SAMPLES = 6;

/** After each step: the edges of what was named last, and a sample of what ever was. */
export function devicesReachWhatIsMapped(world: World): void {
  const { random, recent, known } = world;
  const all = [...known];
  const sampled = Array.from(
    { length: Math.min(SAMPLES, all.length) },
    () => all[random.below(all.length)] ?? 0,
  );
  const first = random.below(REQUESTERS.length);
  for (const offset of [0, 1]) {
    const requester = REQUESTERS[(first + offset) % REQUESTERS.length];
    if (requester === undefined) continue;
    for (const page of [...recent, ...sampled]) probe(world, requester, page);
  }
}

/** At the end of a history: every device, every page that was ever named. */
export function sweepEverything(world: World): void {
  for (const requester of REQUESTERS) for (const page of world.known) probe(world, requester, page);
}

type Requester = (typeof REQUESTERS)[number];

/** I1 to I6 for one device and one page. */
export function probe(world: World, { address, group }: Requester, page: number): void {
  const container = world.model.containerOf(group);
  const live = world.containers.find(({ model }) => model === container);
  const entry = container?.state === "enabled" ? container.pages.get(page) : undefined;
  probeRead(world, address, page, { live, entry });
  probeWrite(world, address, page, { live, entry });
}

interface Due {
  readonly live: LiveContainer | undefined;
  readonly entry: ModelPage | undefined;
}

function probeRead(world: World, address: string, page: number, { live, entry }: Due): void {
  const tag = new Uint8Array(8);
  const { moved } = world.host.dma(address).read(BigInt(page) * 4096n, tag);
  if (entry === undefined || entry.access === "write") {
    // Hardware that cannot refuse the read was accepted by name, or refused with the mapping.
    if (entry !== undefined && live?.model.acceptsReadableWrites === true) return;
    const law = entry === undefined ? lawOf(world, page) : "I4";
    demand(law, moved === 0, () => `${address} reads page ${page}, which it may not`);
    return;
  }
  demand("I2", moved === 8, () => `${address} cannot read page ${page}, which is mapped`);
  const found = new DataView(tag.buffer).getFloat64(0, true);
  demand("I1", found === entry.hostPage, () => {
    return `${address} reads host page ${found} at page ${page}, not ${entry.hostPage}`;
  });
}

function probeWrite(world: World, address: string, page: number, { live, entry }: Due): void {
  const mark = new Uint8Array(8);
  const view = new DataView(mark.buffer);
  view.setUint32(0, world.random.next());
  view.setUint32(4, world.random.next());
  const { moved } = world.host.dma(address).write(BigInt(page) * 4096n + BigInt(MARK_AT), mark);
  if (entry === undefined || entry.access === "read") {
    const law = entry === undefined ? lawOf(world, page) : "I4";
    demand(law, moved === 0, () => `${address} writes page ${page}, which it may not`);
    return;
  }
  demand("I2", moved === 8, () => `${address} cannot write page ${page}, which is mapped`);
  live?.model.write(page);
  const { memory } = entry;
  const at = memory === undefined ? 0 : (entry.hostPage - memory.first) * PAGE + MARK_AT;
  const landed = memory?.bytes.subarray(at, at + 8).every((byte, index) => byte === mark[index]);
  demand("I1", landed === true, () => `a write of ${address} to page ${page} went elsewhere`);
}

/** Reaching a page that another container maps breaks I6; one that was mapped before, I3; else I5. */
function lawOf(world: World, page: number): LawId {
  if (world.model.containers.some(({ pages }) => pages.has(page))) return "I6";
  return world.known.has(page) ? "I3" : "I5";
}
