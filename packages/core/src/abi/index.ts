// @iommukit/core/abi: profiles, ioctl numbers, layouts, and the careful readers of kernel answers.

export type { Accessors, Getters, Setters } from "./accessors.ts";
export {
  type ArgszAnswer,
  type ArgszRequest,
  askWithArgsz,
  MAX_ARGSZ,
  MAX_ARGSZ_ROUNDS,
} from "./argsz.ts";
export {
  type Capability,
  type CapabilityChain,
  capabilities,
  findCapability,
  MAX_CAPABILITIES,
  readCapability,
  requireCount,
} from "./capability-chain.ts";
export { createElements, type Elements } from "./elements.ts";
export { type ErrnoName, errnoName, errnoNumber, errnoTable } from "./errno.ts";
export {
  type IoctlCommand,
  type IoctlDirection,
  io,
  ioctlNumber,
  ior,
  iow,
  iowr,
} from "./ioctl-number.ts";
export {
  type ArrayElement,
  type ArrayOf,
  arrayOf,
  elementSize,
  type Field,
  type Fields,
  type Layout,
  type Nested,
  nested,
  type Pointer,
  pointer,
  type Reserved,
  reserved,
  type S32,
  type ScalarField,
  type ScalarKind,
  s32,
  slotSize,
  struct,
  type Tail,
  tail,
  type U8,
  type U16,
  type U32,
  type U64,
  u8,
  u16,
  u32,
  u64,
} from "./layout.ts";
export type { ScalarValue } from "./memory.ts";
export {
  type AbiProfile,
  ARCHES,
  type Arch,
  abiProfile,
  type ByteOrder,
  type IoctlEncoding,
  isArch,
  MACHINE_BYTE_ORDER,
} from "./profile.ts";
export { createReader, type StructReader, type Values } from "./reader.ts";
export { createRow2, createRow3, type Row2, type Row3, type RowSpace } from "./row.ts";
export {
  describeLayout,
  describeUapi,
  mergeUapi,
  type StructDescription,
  type UapiDescription,
  type UapiTable,
  uapiTable,
} from "./uapi-table.ts";
export { createWriter, type Space, type StructWriter } from "./writer.ts";
