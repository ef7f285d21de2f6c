// a positive answer of the kernel is taken for success

import type { Mutant } from "../mutant.ts";
import { withPort } from "../wrap-backend.ts";

export const POSITIVE_IS_SUCCESS: Mutant = {
  name: "positive-is-success",
  where: "backend",
  bug: "a positive answer of the kernel is taken for success",
  breaks: ["I20", "I7"],
  backend: (backend) =>
    withPort(backend, (port) => ({
      ...port,
      ioctl: (fd, request, argument) => {
        const answer = port.ioctl(fd, request, argument);
        return argument instanceof Uint8Array && answer > 0 ? 0 : answer;
      },
    })),
};
