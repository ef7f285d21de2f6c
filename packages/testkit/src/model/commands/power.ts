// The commands that sPAPR offers: no dirty tracking, no change of addresses.
//
// Faults, and chunked maps that are interrupted, may leave the default window made without a mapping to
// tell of it; the fault sweep has those.

import type { CommandKind } from "../command.ts";
import { CLOSE, OPEN } from "./containers.ts";
import { CLOSE_DEVICE, OPEN_DEVICE } from "./devices.ts";
import { EDU_COPY, ROGUE } from "./dma.ts";
import { ATTACH, DETACH } from "./groups.ts";
import { AFTER_CLOSE, NO_ADDRESS } from "./illegal.ts";
import { MAP } from "./map.ts";
import { ALLOCATE, FREE } from "./memory.ts";
import { REGISTER_WHOLE } from "./register-whole.ts";
import { REGISTER, UNREGISTER } from "./registration.ts";
import { UNMAP } from "./unmap.ts";
import { UNMAP_ALL } from "./unmap-all.ts";

export const POWER_COMMANDS: readonly CommandKind[] = [
  MAP,
  UNMAP,
  UNMAP_ALL,
  REGISTER_WHOLE,
  REGISTER,
  UNREGISTER,
  ALLOCATE,
  FREE,
  ATTACH,
  DETACH,
  OPEN,
  CLOSE,
  OPEN_DEVICE,
  CLOSE_DEVICE,
  EDU_COPY,
  ROGUE,
  NO_ADDRESS,
  AFTER_CLOSE,
];
