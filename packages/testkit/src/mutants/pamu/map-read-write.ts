// whatever access is asked for, the device gets both

import type { Mutant } from "../mutant.ts";

export const PAMU_MAP_READ_WRITE: Mutant = {
  name: "pamu-map-read-write",
  family: "pamu",
  where: "backend",
  bug: "whatever access is asked for, the device gets both",
  breaks: [],
  edit: {
    file: "packages/fsl-pamu/src/map.ts",
    find: "read: VFIO_DMA_MAP_FLAG_READ,\n  write: VFIO_DMA_MAP_FLAG_WRITE,",
    replace:
      "read: VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,\n  write: VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,",
  },
};
