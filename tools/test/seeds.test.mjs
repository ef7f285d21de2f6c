// Property tests run from the seed that was printed.

import { readConfigureGlobal } from "fast-check";
import { expect, inject, test } from "vitest";

test("every property starts from the seed of the run", () => {
  expect(readConfigureGlobal().seed).toBe(inject("seed"));
});
