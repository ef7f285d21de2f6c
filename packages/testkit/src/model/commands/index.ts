// Every command of the histories, in one list.

import type { CommandKind } from "../command.ts";
import { INVALIDATE, SUPPLY } from "./addresses.ts";
import { CLOSE, OPEN } from "./containers.ts";
import { CLOSE_DEVICE, OPEN_DEVICE } from "./devices.ts";
import { DIRTY_ASK, DIRTY_SWITCH } from "./dirty.ts";
import { EDU_COPY, ROGUE } from "./dma.ts";
import { FAULT } from "./faults.ts";
import { ATTACH, DETACH } from "./groups.ts";
import { AFTER_CLOSE, NO_ADDRESS } from "./illegal.ts";
import { MAP } from "./map.ts";
import { MAP_ANYWHERE } from "./map-anywhere.ts";
import { MAP_IN_CHUNKS } from "./map-in-chunks.ts";
import { MAP_SEGMENTS } from "./map-segments.ts";
import { MEANWHILE } from "./meanwhile.ts";
import { ALLOCATE, FREE } from "./memory.ts";
import { REGISTER, UNREGISTER } from "./registration.ts";
import { UNMAP } from "./unmap.ts";
import { UNMAP_ALL } from "./unmap-all.ts";

export const COMMANDS: readonly CommandKind[] = [
  MAP,
  MAP_ANYWHERE,
  MAP_SEGMENTS,
  MAP_IN_CHUNKS,
  MEANWHILE,
  UNMAP,
  UNMAP_ALL,
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
  DIRTY_SWITCH,
  DIRTY_ASK,
  INVALIDATE,
  SUPPLY,
  EDU_COPY,
  ROGUE,
  FAULT,
  NO_ADDRESS,
  AFTER_CLOSE,
];
