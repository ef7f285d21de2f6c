// @iommukit/testkit/portability: programs that must mean the same behind every IOMMU.

export {
  comparePrograms,
  type PortabilityOptions,
  type PortabilityReport,
  type PortableMachine,
} from "./compare.ts";
export { type Operation, portablePrograms, textOf } from "./program.ts";
export { type PortableTarget, runPrograms } from "./run-program.ts";
