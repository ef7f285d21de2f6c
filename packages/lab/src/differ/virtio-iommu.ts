// A machine that answers as one with virtio-iommu does: another IOMMU's tables with its parameters.
//
// Only what the VFIO interface shows is modelled: page sizes, ranges, coherency. The requests that the
// real driver sends to its device have no counterpart here.

import { amdvi, type Machine } from "@iommukit/testkit";
import type { Type1Environment } from "./environment.ts";

type Driver = ReturnType<Machine["buildIommu"]>["driver"];
type Domain = ReturnType<Driver["createDomain"]>;

const PAGE_SHIFT = 12n;

export function virtioIommu(environment: Type1Environment): Machine {
  const host = amdvi();
  return {
    ...host,
    target: "sim/virtio-iommu",
    buildIommu(memory) {
      const { hardware, driver } = host.buildIommu(memory);
      return { hardware, driver: withParameters(driver, environment) };
    },
  };
}

function withParameters(driver: Driver, environment: Type1Environment): Driver {
  const reserved = gaps(environment);
  return {
    name: "virtio-iommu",
    sysfsLink: driver.sysfsLink,
    interruptsIsolated: driver.interruptsIsolated,
    createDomain: () => domainOf(driver.createDomain(), environment),
    reservedRegions: () => reserved,
    block: (requester) => driver.block(requester),
  };
}

function domainOf(domain: Domain, { pageSizes, coherent }: Type1Environment): Domain {
  return {
    pageSizes: BigInt(pageSizes),
    aperture: domain.aperture,
    enforcesCoherency: coherent === 1,
    map: (...mapping) => domain.map(...mapping),
    unmap: (...range) => domain.unmap(...range),
    attach: (requester) => domain.attach(requester),
    detach: (requester) => domain.detach(requester),
    free: () => domain.free(),
  };
}

/** What lies between the ranges, in frames. */
function gaps({ ranges }: Type1Environment): ReturnType<Driver["reservedRegions"]> {
  return ranges.slice(1).map(([first], index) => ({
    first: Number((BigInt(ranges[index]?.[1] ?? 0) + 1n) >> PAGE_SHIFT),
    last: Number((BigInt(first) - 1n) >> PAGE_SHIFT),
    type: "msi",
  }));
}
