// an unmap is asked with the struct of a map

import type { Mutant } from "../mutant.ts";
import { withPort } from "../wrap-backend.ts";

/** VFIO_IOMMU_UNMAP_DMA of powerpc. */
const UNMAP_DMA = 0x2000_3b72;
const MAP_BYTES = 32;

export const POWER_MAP_STRUCT_SENT_TO_UNMAP: Mutant = {
  name: "power-map-struct-sent-to-unmap",
  family: "power",
  where: "backend",
  bug: "an unmap is asked with the struct of a map",
  breaks: [],
  history: "2K, the sPAPR unmap of a well-known library",
  backend: (backend) =>
    withPort(backend, (port) => ({
      ...port,
      ioctl(fd, request, argument) {
        if (request !== UNMAP_DMA || typeof argument === "number")
          return port.ioctl(fd, request, argument);
        // argsz, flags, vaddr, iova, size: where an unmap has iova and size, there is 0 and the iova.
        const bytes = new Uint8Array(MAP_BYTES);
        bytes.set(argument.subarray(0, 8));
        bytes[0] = MAP_BYTES;
        bytes.set(argument.subarray(8, 24), 16);
        return port.ioctl(fd, request, bytes);
      },
    })),
};
