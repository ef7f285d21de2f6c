// Stands before a port and shows each call to somebody before it is made.
//
// The one place that knows all calls of the port, so that a recorder and a fault injector need not.

import type { HostMemory, KernelPort } from "../kernel/port-types.ts";

/** The calls of the port, and the end of a memory mapping. */
export type CallName =
  | "open"
  | "close"
  | "ioctl"
  | "ioctlAsync"
  | "readAt"
  | "writeAt"
  | "mapMemory"
  | "unmapMemory"
  | "eventFd"
  | "waitEvent"
  | "readLink"
  | "list"
  | "readText"
  | "writeText";

/** One call as it was made; absent members do not belong to it. */
export interface PortCall {
  readonly name: CallName;
  readonly fd?: number;
  readonly request?: number;
  readonly path?: string;
  /** The argument of an ioctl, or the buffer of a read or write: the caller's own bytes. */
  readonly argument?: Uint8Array | number;
  /** What else was said, for people. */
  readonly detail?: string;
}

export interface Interceptor {
  /** Runs the call, or answers in its place; every call of the port may answer a number. */
  around<T>(call: PortCall, run: () => T): T | number;
  aroundAsync(call: PortCall, run: () => Promise<number>): Promise<number>;
  /** Calls that answer a text; without it they go through `around`. */
  aroundText?(call: PortCall, run: () => string | number): string | number;
}

/** The same port, with every call going through the interceptor. */
export function interceptPort(port: KernelPort, interceptor: Interceptor): KernelPort {
  const around = <T>(call: PortCall, run: () => T): T | number => interceptor.around(call, run);
  const aroundText: typeof around<string | number> = (call, run) =>
    interceptor.aroundText?.(call, run) ?? around(call, run);
  return {
    abi: port.abi,
    open: (path, flags) =>
      around({ name: "open", path, detail: flags }, () => port.open(path, flags)),
    close: (fd) => around({ name: "close", fd }, () => port.close(fd)),
    ioctl: (fd, request, argument) =>
      around({ name: "ioctl", fd, request, argument }, () => port.ioctl(fd, request, argument)),
    ioctlAsync: (fd, request, argument) =>
      interceptor.aroundAsync({ name: "ioctlAsync", fd, request, argument }, () =>
        port.ioctlAsync(fd, request, argument),
      ),
    readAt: (fd, into, offset) =>
      around({ name: "readAt", fd, argument: into, detail: hex(offset) }, () =>
        port.readAt(fd, into, offset),
      ),
    writeAt: (fd, from, offset) =>
      around({ name: "writeAt", fd, argument: from, detail: hex(offset) }, () =>
        port.writeAt(fd, from, offset),
      ),
    mapMemory(request) {
      const detail = `${request.length} bytes`;
      const memory = around({ name: "mapMemory", detail }, () => port.mapMemory(request));
      return typeof memory === "number" ? memory : interceptMemory(memory, interceptor);
    },
    eventFd: () => around({ name: "eventFd" }, () => port.eventFd()),
    waitEvent: (fd, milliseconds) =>
      interceptor.aroundAsync({ name: "waitEvent", fd, detail: `${milliseconds} ms` }, () =>
        port.waitEvent(fd, milliseconds),
      ),
    readLink: (path) => aroundText({ name: "readLink", path }, () => port.readLink(path)),
    list: (path) => around({ name: "list", path }, () => port.list(path)),
    readText: (path) => aroundText({ name: "readText", path }, () => port.readText(path)),
    writeText: (path, text) =>
      around({ name: "writeText", path, detail: JSON.stringify(text) }, () =>
        port.writeText(path, text),
      ),
  };
}

function interceptMemory(memory: HostMemory, interceptor: Interceptor): HostMemory {
  return {
    address: memory.address,
    get bytes() {
      return memory.bytes;
    },
    pageSize: memory.pageSize,
    close: () =>
      interceptor.around({ name: "unmapMemory", detail: hex(memory.address) }, () =>
        memory.close(),
      ),
  };
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
