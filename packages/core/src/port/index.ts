// The only seam to the world, types only.

export type { AbiProfile, Arch, ByteOrder, IoctlEncoding } from "../abi/profile.ts";
export type { HostMemory, KernelPort, MapMemoryRequest } from "./kernel-port.ts";
