// @iommukit/testkit/mutants: bugs put in on purpose, and who notices them.

export { MUTANTS } from "./all.ts";
export { hunt } from "./hunt.ts";
export type { Mutant, SourceEdit } from "./mutant.ts";
export type { PamuControls } from "./pamu-cases.ts";
export type { Kill, Prey } from "./prey.ts";
export { type Hunted, mutantTable } from "./table.ts";
export { withPort, withSession } from "./wrap-backend.ts";
export { type KernelBug, kernelWith } from "./wrap-kernel.ts";
export { type DomainBug, withDomains, withTranslation } from "./wrap-machine.ts";
