// sPAPR's names of the kernel's interface, as the header has them, and all of them as one value.

// biome-ignore-all lint/performance/noNamespaceImport: a module's exports are the table.

import type { UapiTable } from "@iommukit/core/abi";
import { uapiTable } from "@iommukit/core/abi";
import * as eeh from "./eeh.ts";
import * as info from "./info.ts";
import * as map from "./map.ts";
import * as register from "./register.ts";
import * as window from "./window.ts";

/** sPAPR's ioctls, structs and constants. `mergeUapi` joins it with `CORE_UAPI` and Type1's. */
export const SPAPR_UAPI: UapiTable = uapiTable([info, map, register, window, eeh]);

export * from "./eeh.ts";
export * from "./info.ts";
export * from "./map.ts";
export * from "./register.ts";
export * from "./window.ts";
