// The contract: types only, what a user and a backend author read first.

export type { DmaAccess } from "./access.ts";
export type * from "./backend.ts";
export type * from "./capabilities.ts";
export type * from "./container.ts";
export type * from "./device.ts";
export type * from "./dirty.ts";
export type * from "./dma-path.ts";
export type * from "./dma-window.ts";
export type * from "./extension.ts";
export type * from "./group.ts";
export type * from "./live-update.ts";
export type * from "./memory.ts";
