// A group joins or leaves a Type1 container: domains, valid ranges, replay of mappings.
//
// type1.md 2.9, 3.4 and 3.5. A refused group leaves everything as it was.

import { EBUSY, EINVAL, EPERM } from "../../errno.ts";
import type { IommuDomain, IovaRange } from "../../iommu/domain.ts";
import type { IommuGroup } from "../../iommu-group.ts";
import { markDirty } from "./dirty-words.ts";
import type { Mapping } from "./mapping-list.ts";
import { countedPages, pinPages } from "./pin.ts";
import { ALL_FRAMES, mapRuns, type Type1Domain, type Type1State } from "./state.ts";
import { cutReserved, intersect } from "./valid-ranges.ts";

export function attachGroup(state: Type1State, group: IommuGroup): number {
  if (state.invalidVaddrs > 0) return -EBUSY;
  if (isKnown(state, group)) return -EINVAL;
  if (group.isMediated) {
    state.mediatedGroups.push(group);
    return 0;
  }
  if (state.nesting) return -EINVAL;
  const domain = group.iommu.createDomain();
  for (const device of group.devices) domain.attach(device.requester);
  const ranges = checkDomain(state, group, domain);
  const refusal = typeof ranges === "number" ? ranges : joinOrReplay(state, group, domain);
  if (typeof ranges === "number" || refusal !== 0) {
    detachDevices(domain, group);
    domain.free();
    return refusal;
  }
  state.ranges = ranges;
  return 0;
}

export function detachGroup(state: Type1State, group: IommuGroup): void {
  if (group.isMediated) detachMediated(state, group);
  const entry = state.domains.find((domain) => domain.groups.includes(group));
  if (entry === undefined) return;
  detachDevices(entry.domain, group);
  entry.groups.splice(entry.groups.indexOf(group), 1);
  if (entry.groups.length === 0) {
    if (state.domains.length === 1) lastDomainGoes(state);
    state.domains.splice(state.domains.indexOf(entry), 1);
    entry.domain.free();
  }
  for (const mapping of state.mappings.all) markDirty(mapping);
  state.ranges = rebuildRanges(state);
}

function isKnown(state: Type1State, group: IommuGroup): boolean {
  if (state.mediatedGroups.includes(group)) return true;
  return state.domains.some((domain) => domain.groups.includes(group));
}

function detachMediated(state: Type1State, group: IommuGroup): void {
  state.mediatedGroups.splice(state.mediatedGroups.indexOf(group), 1);
  if (state.mediatedGroups.length === 0 && state.domains.length === 0) removeAllMappings(state);
}

/** Mediated devices keep the mappings, but nothing is pinned for them. */
function lastDomainGoes(state: Type1State): void {
  if (state.mediatedGroups.length === 0) removeAllMappings(state);
  else for (const mapping of state.mappings.all) state.unpinMapping(mapping);
}

/** The list as it would be with this domain, or why it may not join. */
function checkDomain(
  state: Type1State,
  group: IommuGroup,
  domain: IommuDomain,
): readonly IovaRange[] | number {
  const { aperture } = domain;
  const [lowest, highest] = [state.ranges[0], state.ranges.at(-1)];
  if (lowest !== undefined && highest !== undefined)
    if (aperture.first > highest.last || aperture.last < lowest.first) return -EINVAL;
  if (state.mappings.all.some((mapping) => !isWithin(mapping, aperture))) return -EINVAL;
  const reserved = group.reservedRegions().filter((region) => region.type !== "direct-relaxable");
  for (const region of reserved)
    if (state.mappings.overlapping(region.first, region.last - region.first + 1) !== undefined)
      return -EINVAL;
  const before = state.ranges.length > 0 ? state.ranges : [aperture];
  const ranges = cutReserved(intersect(before, aperture), reserved);
  if (ranges.length === 0) return -EINVAL;
  const isolated = group.iommu.interruptsIsolated || state.parameters.allowUnsafeInterrupts;
  return isolated ? ranges : -EPERM;
}

function isWithin(
  mapping: { readonly iova: number; readonly frames: number },
  aperture: IovaRange,
): boolean {
  return aperture.first <= mapping.iova && mapping.iova + mapping.frames - 1 <= aperture.last;
}

/** A domain of the same driver and coherency takes the group in; else it keeps its own. */
function joinOrReplay(state: Type1State, group: IommuGroup, domain: IommuDomain): number {
  const coherent = domain.enforcesCoherency;
  const existing = state.domains.find(
    (other) => other.iommu === group.iommu && other.coherent === coherent,
  );
  if (existing !== undefined) {
    detachDevices(domain, group);
    domain.free();
    for (const device of group.devices) existing.domain.attach(device.requester);
    existing.groups.push(group);
    return 0;
  }
  const pinned = pinAll(state);
  if (pinned !== 0) return pinned;
  for (const mapping of state.mappings.all) mapRuns(domain, mapping);
  const entry: Type1Domain = { iommu: group.iommu, domain, groups: [group], coherent };
  state.domains.push(entry);
  return 0;
}

/** Pins what was mapped while no domain was there: 0, or -errno with nothing pinned. */
function pinAll(state: Type1State): number {
  const pinned: Mapping[] = [];
  for (const mapping of state.mappings.all) {
    if (mapping.runs.length > 0) continue;
    const runs = pinPages(state, mapping);
    if (typeof runs === "number") {
      for (const done of pinned) state.unpinMapping(done);
      return runs;
    }
    mapping.runs = runs;
    mapping.lockedPages = countedPages(runs);
    mapping.process.locked.pages += mapping.lockedPages;
    pinned.push(mapping);
  }
  return 0;
}

function detachDevices(domain: IommuDomain, group: IommuGroup): void {
  for (const device of group.devices) domain.detach(device.requester);
}

function removeAllMappings(state: Type1State): void {
  for (const mapping of state.mappings.all) state.unmapAndUnpin(mapping);
  state.mappings.removeRange(0, state.mappings.all.length);
}

/** What the remaining groups allow; it can only have grown. */
function rebuildRanges(state: Type1State): readonly IovaRange[] {
  const [first, ...others] = state.domains;
  if (first === undefined)
    return state.mediatedGroups.length === 0 ? [] : [{ first: 0, last: ALL_FRAMES - 1 }];
  let ranges: readonly IovaRange[] = [first.domain.aperture];
  for (const { domain } of others) ranges = intersect(ranges, domain.aperture);
  const regions = state.domains.flatMap((domain) =>
    domain.groups.flatMap((group) => [...group.reservedRegions()]),
  );
  return cutReserved(
    ranges,
    regions.filter((region) => region.type !== "direct-relaxable"),
  );
}
