// The direction of knowledge between packages (see ARCHITECTURE.md), as data.
//
// tools/dependency-rules.mjs enforces it. A new package gets its line here.

const BACKEND = { packages: ["core"], npm: ["ts-pattern"], node: false };
export const TEST_TOOLS = ["vitest", "fast-check", "@fast-check/vitest"];
export const EVERYTHING = "everything";

/** What the run-time sources of each package may import. A package that is not here fails. */
export const LAYERS = {
  core: { packages: [], npm: [], node: false },
  "host-linux": { packages: ["core"], npm: ["koffi"], node: true },
  "type1-x86": BACKEND,
  "spapr-tce": BACKEND,
  "fsl-pamu": BACKEND,
  "vfio-pci": BACKEND,
  kvm: BACKEND,
  testkit: { packages: ["core"], npm: ["fast-check", "ts-pattern", "vitest"], node: false },
  lab: { packages: EVERYTHING, npm: EVERYTHING, node: true },
};

/** Modules of npm that only one place may name. */
export const ROOM_OF = {
  koffi: /^packages\/host-linux\/src\/native\//,
  vitest: /^packages\/testkit\/src\/conformance\/describe-backend\.ts$/,
};

/** The simulated machine decodes for itself: it and all it reaches see only core's types. */
export const SIMULATED_MACHINE = /^packages\/testkit\/src\/(kernel|hardware|memory|devices)\//;
export const TYPES_OF_CORE = new Set(["@iommukit/core/port", "@iommukit/core/contract"]);

/** Inside the simulated machine (run-time imports): each part and what it must not know. */
export const MACHINE_LAYERS = [
  { from: /\/src\/(memory|hardware)\//, to: /\/src\/(kernel|devices)\//, why: "it knows no VFIO" },
  { from: /\/src\/devices\//, to: /\/src\/kernel\//, why: "devices know no VFIO" },
  { from: /\/src\/devices\//, to: /\/src\/memory\/physical/, why: "DMA goes through the bus" },
];
