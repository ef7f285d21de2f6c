// the window of an MSI bank is left to mappings

import type { Mutant } from "../mutant.ts";

export const PAMU_BANK_NOT_RESERVED: Mutant = {
  name: "pamu-bank-not-reserved",
  family: "pamu",
  where: "backend",
  bug: "the window of an MSI bank is left to mappings",
  breaks: [],
  edit: {
    file: "packages/fsl-pamu/src/extension.ts",
    find: "context.reserve(iova, size, ",
    replace: "String(",
  },
};
