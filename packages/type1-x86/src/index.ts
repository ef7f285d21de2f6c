// @iommukit/type1-x86: the VFIO Type1v2 backend.

export { type1 } from "./backend.ts";
export { TYPE1_UAPI } from "./uapi/index.ts";
