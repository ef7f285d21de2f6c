// Puts a bug between a machine and its IOMMU: into its answers, or into what its driver programs.

import type { BusAccess, IommuHardware } from "../hardware/iommu-hardware.ts";
import type { DomainAccess, IommuDomain, IommuDriver } from "../kernel/iommu/domain.ts";
import type { Machine } from "../machines/machine.ts";

type Translate = (requester: number, frame: number, access: BusAccess, offset?: number) => number;

/** The machine with another translation; `honest` is the hardware's own. */
export function withTranslation(
  machine: Machine,
  translate: (honest: Translate) => Translate,
): Machine {
  return {
    ...machine,
    buildIommu(memory) {
      const built = machine.buildIommu(memory);
      const { hardware } = built;
      const wrong = translate((...access) => hardware.translateFrame(...access));
      const wrapped: IommuHardware = {
        name: hardware.name,
        ...(hardware.chunk === undefined ? {} : { chunk: hardware.chunk }),
        translateFrame: wrong,
        takeFaults: () => hardware.takeFaults(),
        get lastFault() {
          return hardware.lastFault;
        },
        statistics: hardware.statistics,
      };
      return { ...built, hardware: wrapped };
    },
  };
}

/** What a mutant may do otherwise in a domain; what it leaves out is the domain's own. */
export interface DomainBug {
  map?(
    domain: IommuDomain,
    iova: number,
    frame: number,
    frames: number,
    access: DomainAccess,
  ): void;
  unmap?(domain: IommuDomain, iova: number, frames: number): number;
  attach?(domain: IommuDomain, requester: number): void;
  detach?(domain: IommuDomain, requester: number): void;
  free?(domain: IommuDomain): void;
  /** Whether what lazy mode put off is ever carried out. Default it is. */
  readonly flush?: "never";
}

/** The machine with a bug in every domain that its driver makes. */
export function withDomains(machine: Machine, bug: DomainBug): Machine {
  return {
    ...machine,
    buildIommu(memory) {
      const built = machine.buildIommu(memory);
      const { driver } = built;
      const wrapped: IommuDriver = {
        name: driver.name,
        sysfsLink: driver.sysfsLink,
        interruptsIsolated: driver.interruptsIsolated,
        reservedRegions: (requester) => driver.reservedRegions(requester),
        block: (requester) => driver.block(requester),
        createDomain: () => buggy(driver.createDomain(), bug),
      };
      return { ...built, driver: wrapped };
    },
  };
}

function buggy(domain: IommuDomain & { flush?(): void }, bug: DomainBug): IommuDomain {
  return {
    get pageSizes() {
      return domain.pageSizes;
    },
    get aperture() {
      return domain.aperture;
    },
    get enforcesCoherency() {
      return domain.enforcesCoherency;
    },
    map(iova, frame, frames, access) {
      if (bug.map === undefined) domain.map(iova, frame, frames, access);
      else bug.map(domain, iova, frame, frames, access);
    },
    unmap: (iova, frames) => bug.unmap?.(domain, iova, frames) ?? domain.unmap(iova, frames),
    attach: (requester) =>
      bug.attach === undefined ? domain.attach(requester) : bug.attach(domain, requester),
    detach: (requester) =>
      bug.detach === undefined ? domain.detach(requester) : bug.detach(domain, requester),
    free: () => (bug.free === undefined ? domain.free() : bug.free(domain)),
    ...(bug.flush === "never" ? {} : { flush: () => domain.flush?.() }),
  };
}
