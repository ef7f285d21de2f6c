// Brings a bench into the state from which a case starts; a refusal here is no case's fault.

import { type Bench, CONTAINER, DEVICE, GROUP } from "./bench.ts";
import type { Environment } from "./case.ts";

const TYPE1 = 1;
const TYPE1_V2 = 3;
const SPAPR = 2;
const SPAPR_V2 = 7;

export function prepare(bench: Bench, environment: Environment): void {
  PREPARATIONS[environment](bench);
}

const PREPARATIONS: Readonly<Record<Environment, (bench: Bench) => void>> = {
  nothing: () => undefined,
  fresh: (bench) => openBoth(bench, bench.device().group),
  C1: (bench) => attach(bench, bench.device().group),
  E1: (bench) => enable(bench, TYPE1),
  E2: (bench) => enable(bench, TYPE1_V2),
  V1: (bench) => enable(bench, SPAPR),
  V2: (bench) => enable(bench, SPAPR_V2),
  Edev(bench) {
    enable(bench, TYPE1_V2);
    check("device", bench.openDevice(DEVICE, GROUP, bench.device().address));
  },
  "two groups"(bench) {
    enable(bench, TYPE1_V2);
    check("group 2", bench.openGroup("group 2", bench.device(1).group));
    check("SET_CONTAINER", bench.setContainer("group 2", bench.fd(CONTAINER)));
  },
  EM(bench) {
    attach(bench, bench.mediated?.group ?? -1);
    check("SET_IOMMU", bench.call(CONTAINER, 2, TYPE1_V2));
  },
};

function openBoth(bench: Bench, group: number): void {
  check("container", bench.open(CONTAINER, "/dev/vfio/vfio"));
  check("group", bench.openGroup(GROUP, group));
}

function attach(bench: Bench, group: number): void {
  openBoth(bench, group);
  check("SET_CONTAINER", bench.setContainer(GROUP, bench.fd(CONTAINER)));
}

function enable(bench: Bench, type: number): void {
  attach(bench, bench.device().group);
  check("SET_IOMMU", bench.call(CONTAINER, 2, type));
}

function check(what: string, result: number): void {
  if (result < 0) throw new Error(`the case's beginning cannot be made: ${what} answers ${result}`);
}
