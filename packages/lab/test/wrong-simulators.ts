// Simulated kernels that are wrong on purpose, each in one way: what a comparison must find.

import type { KernelPort } from "@iommukit/core";
import { type Environment, isSpapr } from "../src/differ/environment.ts";
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
      readAt: (fd, into, offset) => {
        const length = port.readAt(fd, into, offset);
        const text = Buffer.from(into).toString("latin1");
        const line = /VmLck:\s+(?<kib>\d+)/d.exec(text)?.indices?.groups?.["kib"];
        if (line !== undefined) into.fill("0".charCodeAt(0), ...line);
        return length;
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

/** powerpc has a bit for "no direction". */
const POWER = 0x2000_0000;
const REGISTER = POWER + VFIO + 17;
const UNREGISTER = POWER + VFIO + 18;
const CREATE = POWER + VFIO + 19;
const REMOVE = POWER + VFIO + 20;
const EBUSY = 16;

/** The same for POWER. */
export const WRONG_POWER_SIMULATORS: readonly Wrong[] = [
  {
    name: "a misaligned address is refused with EINVAL instead of 1",
    wrap: (port) => ({
      ioctl: after(port, POWER + MAP, (result) => (result === 1 ? -EINVAL : result)),
    }),
  },
  {
    name: "a region that is mapped is not given back",
    wrap: (port) => ({
      ioctl: (fd, request, argument) => {
        const before = lockedOf(port);
        const result = port.ioctl(fd, request, argument);
        const isLeft = request === UNREGISTER && result === 0 && lockedOf(port) === before;
        return isLeft ? -EBUSY : result;
      },
    }),
  },
  {
    name: "a part of the memory cannot be registered, without saying how much",
    wrap: (port) => ({
      ioctl: after(port, REGISTER, (result) => (result > 0 ? -EINVAL : result)),
    }),
  },
  {
    name: "a window is made without telling where",
    wrap: (port) => ({
      ioctl: after(port, CREATE, (result, view) => {
        if (result === 0) view.setBigUint64(32, 0xeeee_eeee_eeee_eeeen, true);
        return result;
      }),
    }),
  },
  {
    name: "a window is removed by its first address only",
    wrap: (port) => ({
      ioctl: (fd, request, argument) => {
        if (request !== REMOVE || typeof argument === "number")
          return port.ioctl(fd, request, argument);
        const isFirst = argument.subarray(8, 15).every((byte) => byte === 0);
        return isFirst ? port.ioctl(fd, request, argument) : -EINVAL;
      },
    }),
  },
  {
    name: "a refused window is not charged",
    wrap: (port) => ({
      readText: (path) => {
        const text = port.readText(path);
        return typeof text === "string" ? text.replace(/(VmLck:\s+)\d+/, "$10") : text;
      },
      open: (path, flags) => (path === "/proc/self/status" ? -2 : port.open(path, flags)),
    }),
  },
  {
    name: "a device may write what was mapped for reading",
    wrap: (port) => ({
      ioctl: (fd, request, argument) => {
        if (request !== POWER + MAP || typeof argument === "number")
          return port.ioctl(fd, request, argument);
        const asked = argument.slice();
        if (asked[4] === 1) asked[4] = 3;
        return port.ioctl(fd, request, asked);
      },
    }),
  },
];

function lockedOf(port: KernelPort): string | undefined {
  return /VmLck:\s+(\d+)/.exec(String(port.readText("/proc/self/status")))?.[1];
}

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

function isInRange(view: DataView, environment: Environment): boolean {
  if (isSpapr(environment)) return true;
  const [iova, size] = [view.getBigUint64(16, true), view.getBigUint64(24, true)];
  return environment.ranges.some(
    ([first, last]) => iova >= BigInt(first) && iova + size - 1n <= BigInt(last),
  );
}
