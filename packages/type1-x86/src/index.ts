// @iommukit/type1-x86: the VFIO Type1 backend, versions 1 and 2.

export { type Type1Options, type1 } from "./backend.ts";
export { TYPE1_UAPI } from "./uapi/index.ts";
export type { Type1Version } from "./version.ts";
