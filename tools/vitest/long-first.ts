// Files that run for minutes begin first, so that no worker is left alone with one of them at the end.
//
// vitest knows durations from earlier runs and, in a fresh clone, sizes; mutants.test.ts is small and
// runs for three minutes.

import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The longest first: seconds measured on two processors are 195, 127, 118, 103, 81, 79, 63, 62, 33. */
const LONG = [
  "integration/mutants.test.ts",
  "integration/histories.test.ts",
  "integration/pamu-histories.test.ts",
  "integration/portability.test.ts",
  "packages/lab/src/differ/differ.test.ts",
  "packages/spapr-tce/test/fault-sweep.test.ts",
  "packages/type1-x86/test/fault-sweep.test.ts",
  "integration/histories-power.test.ts",
  "packages/fsl-pamu/test/fault-sweep.test.ts",
];

export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => place(a) - place(b));
  }
}

function place({ moduleId }: TestSpecification): number {
  const at = LONG.findIndex((file) => moduleId.endsWith(file));
  return at < 0 ? LONG.length : at;
}
