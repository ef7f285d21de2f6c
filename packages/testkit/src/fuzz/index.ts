// @iommukit/testkit/fuzz: the parsers of kernel answers under hostile ones.

export { type FuzzOptions, type FuzzReport, fuzz } from "./fuzz.ts";
export { type Script, scriptedKernel } from "./scripted-kernel.ts";
export { type Execution, type FuzzTarget, fuzzTargets } from "./targets.ts";
