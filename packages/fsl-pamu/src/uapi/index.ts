// The PAMU's names of the kernel's interface, as the vendor's header has them, and all of them as
// one value.

// biome-ignore-all lint/performance/noNamespaceImport: a module's exports are the table.

import type { UapiTable } from "@iommukit/core/abi";
import { uapiTable } from "@iommukit/core/abi";
import * as attr from "./attr.ts";
import * as dma from "./dma.ts";
import * as msi from "./msi.ts";

/**
 * The ioctls, structs and constants of the vendor's header that PAMU has of its own. It is not merged with
 * mainline's: +15 to +19 are other calls there.
 */
export const PAMU_UAPI: UapiTable = uapiTable([attr, msi, dma]);

export * from "./attr.ts";
export * from "./dma.ts";
export * from "./msi.ts";
