// Type1's names of the kernel's interface, as the header has them, and all of them as one value.

// biome-ignore-all lint/performance/noNamespaceImport: a module's exports are the table.

import type { UapiTable } from "@iommukit/core/abi";
import { uapiTable } from "@iommukit/core/abi";
import * as dirty from "./dirty.ts";
import * as info from "./info.ts";
import * as map from "./map.ts";
import * as unmap from "./unmap.ts";

/** Type1's ioctls, structs and constants. `mergeUapi` joins it with `CORE_UAPI`. */
export const TYPE1_UAPI: UapiTable = uapiTable([info, map, unmap, dirty]);

export * from "./dirty.ts";
export * from "./info.ts";
export * from "./map.ts";
export * from "./unmap.ts";
