// The port's types, as this kernel implements them: the one place that names core.
//
// Types only. The simulated kernel shares no code and no table with the library it is asked by, so
// that one wrong offset can never be wrong on both sides.

export type { HostMemory, KernelPort, MapMemoryRequest } from "@iommukit/core/port";

import type { KernelPort } from "@iommukit/core/port";

export type KernelAbi = KernelPort["abi"];
export type ByteOrder = KernelAbi["byteOrder"];
