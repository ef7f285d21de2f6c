// Simulated kernels that are wrong on purpose, each in one way: what a comparison must find.

import type { KernelPort } from "@iommukit/core";
import type { Environment } from "../src/differ/environment.ts";
import type { OpenSimulator } from "../src/differ/simulate.ts";

const VFIO = 0x3b64;
const SET_CONTAINER = VFIO + 4;
const GET_INFO = VFIO + 12;
const MAP = VFIO + 13;
const UNMAP = VFIO + 14;
const DIRTY = VFIO + 17;
const EEXIST = 17;
const EINVAL = 22;
const EBADFD = 77;
const PAGE = 0x1000n;

type Ioctl = KernelPort["ioctl"];

interface Wrong {
  readonly name: string;
  readonly wrap: (port: KernelPort, environment: Environment) => Partial<KernelPort>;
}

/** Each looks at the bytes of the calls, and answers as the correct one does but for its mistake. */
export const WRONG_SIMULATORS: readonly Wrong[] = [
  {
    name: "the reserved range is checked before overlap",
    wrap: (port, environment) => ({
      ioctl: after(port, MAP, (result, view) =>
        result === -EEXIST && !isInRange(view, environment) ? -EINVAL : result,
      ),
    }),
  },
  {
    name: "unmap reports a page less than it unmapped",
    wrap: (port) => ({
      ioctl: after(port, UNMAP, (result, view) => {
        const size = view.getBigUint64(16, true);
        if (result === 0 && size > 0n) view.setBigUint64(16, size - PAGE, true);
        return result;
      }),
    }),
  },
  {
    name: "information is written over the caller's next byte",
    wrap: (port) => ({
      ioctl: after(port, GET_INFO, (result, view) => {
        if (result === 0) view.setUint8(Math.min(view.getUint32(0, true), 500), 0);
        return result;
      }),
    }),
  },
  {
    name: "a file that is no container is EINVAL",
    wrap: (port) => ({
      ioctl: after(port, SET_CONTAINER, (result) => (result === -EBADFD ? -EINVAL : result)),
    }),
  },
  {
    name: "starting dirty tracking twice is refused",
    wrap: (port) => {
      const started = new Set<number>();
      return {
        ioctl: after(port, DIRTY, (result, view, fd) => {
          const isStart = result === 0 && view.getUint32(4, true) === 1;
          const isAgain = isStart && started.has(fd);
          if (isStart) started.add(fd);
          return isAgain ? -EINVAL : result;
        }),
      };
    },
  },
  {
    name: "mapped memory is not counted as locked",
    wrap: (port) => ({
      readText: (path) => {
        const text = port.readText(path);
        return typeof text === "string" ? text.replace(/(VmLck:\s+)\d+/, "$10") : text;
      },
    }),
  },
  {
    name: "a device may write what was mapped for reading",
    wrap: (port) => ({
      ioctl: (fd, request, argument) => {
        if (request !== MAP || typeof argument === "number")
          return port.ioctl(fd, request, argument);
        const asked = argument.slice();
        if (asked[4] === 1) asked[4] = 3;
        return port.ioctl(fd, request, asked);
      },
    }),
  },
];

export function wrongSimulator(correct: OpenSimulator, { wrap }: Wrong): OpenSimulator {
  return (environment) => {
    const host = correct(environment);
    return { ...host, port: { ...host.port, ...wrap(host.port, environment) } };
  };
}

/** Changes the answer of one command. */
function after(
  port: KernelPort,
  command: number,
  change: (result: number, view: DataView, fd: number) => number,
): Ioctl {
  return (fd, request, argument) => {
    const result = port.ioctl(fd, request, argument);
    if (request !== command || typeof argument === "number") return result;
    const view = new DataView(argument.buffer, argument.byteOffset, argument.byteLength);
    return change(result, view, fd);
  };
}

function isInRange(view: DataView, { ranges }: Environment): boolean {
  const [iova, size] = [view.getBigUint64(16, true), view.getBigUint64(24, true)];
  return ranges.some(([first, last]) => iova >= BigInt(first) && iova + size - 1n <= BigInt(last));
}
