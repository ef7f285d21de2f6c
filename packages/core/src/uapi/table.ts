// All of core's names of the kernel's interface as one value, for `iommukit abi` and for tests.
//
// A module's exports are its table: a name that is exported here is in it, so none can be forgotten.

// biome-ignore-all lint/performance/noNamespaceImport: a module's exports are the table.

import type { UapiTable } from "../abi/uapi-table.ts";
import { uapiTable } from "../abi/uapi-table.ts";
import * as capability from "./capability.ts";
import * as container from "./container.ts";
import * as device from "./device.ts";
import * as feature from "./feature.ts";
import * as gfx from "./gfx.ts";
import * as group from "./group.ts";
import * as ioeventfd from "./ioeventfd.ts";
import * as iommufd from "./iommufd.ts";
import * as irq from "./irq.ts";
import * as migration from "./migration.ts";
import * as region from "./region.ts";
import * as regionType from "./region-type.ts";
import * as reset from "./reset.ts";
import { VFIO_BASE, VFIO_TYPE } from "./vfio-command.ts";

/** Container, group and device: what all kinds of IOMMU share. */
export const CORE_UAPI: UapiTable = uapiTable([
  { VFIO_TYPE, VFIO_BASE },
  capability,
  container,
  group,
  device,
  region,
  regionType,
  irq,
  reset,
  gfx,
  ioeventfd,
  feature,
  migration,
  iommufd,
]);
