// The conformance suite on both SoCs, whose ABIs are 32 and 64 bits wide, and under both kernels.

import { bytes, iova, KiB } from "@iommukit/core";
import { fslPamu } from "@iommukit/fsl-pamu";
import { pamu } from "@iommukit/testkit";
import { describeBackend } from "@iommukit/testkit/describe-backend";

const backend = (): ReturnType<typeof fslPamu> => fslPamu({ type: 7 });

/** Windows of 16 pages, each of which needs memory in one piece. */
const WINDOW = 64 * KiB;
const wide = (): ReturnType<typeof fslPamu> =>
  fslPamu({
    type: 7,
    aperture: { start: iova(0), size: bytes(256 * WINDOW), windowSize: bytes(WINDOW) },
  });

// The vendor's kernel is left out: its count of locked memory falls below 0 (hazards-mapping.test.ts).
describeBackend("PAMU with windows of 64 KiB, kernel strict", {
  backend: wide,
  machine: () => pamu({ hugePages: new Map([[WINDOW, 512]]) }),
  hugePage: WINDOW,
  notApplicable: {
    "mapping: read-only memory is not mapped for writing":
      "it maps memory of its own, of which the library knows no page size (ME10)",
  },
});

for (const soc of ["p4080", "t4240"] as const)
  for (const mode of ["strict", "sdk-compat"] as const)
    describeBackend(`PAMU of the ${soc}, kernel ${mode}`, {
      backend,
      machine: () => pamu({ soc, mode }),
    });
