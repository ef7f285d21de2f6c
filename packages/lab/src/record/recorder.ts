// A port that writes down every call with its answer, in names that another run understands.
//
// Texts (sysfs, proc) describe one machine, so only that there was one is kept; but for the locked
// memory of the process. A register that is read until it changes is one call: how often it was read
// is a matter of speed.

import type { HostMemory, KernelPort, MapMemoryRequest } from "@iommukit/core";
import { lockedKib } from "../differ/result.ts";
import type { HostDevice } from "../host.ts";
import { changed, fieldsOf } from "./argument.ts";
import { type FileKind, type VfioCall, vfioCall } from "./calls.ts";
import type { Fields, RecordedCall } from "./format.ts";
import { Names } from "./names.ts";

export interface Recorder {
  readonly port: KernelPort;
  readonly calls: readonly RecordedCall[];
  readonly names: Names;
}

const STATUS = "/proc/self/status";
const GET_DEVICE_FD = "VFIO_GROUP_GET_DEVICE_FD";
/** Of a bitmap; as much as 4 MiB of pages need twice over. */
const MOST_BITMAP_BYTES = 256;
/** Reading is the only call that is made again until its answer changes. */
const READ = "read";

export function createRecorder(port: KernelPort, devices: readonly HostDevice[]): Recorder {
  const names = new Names(devices);
  const calls: RecordedCall[] = [];
  const keep = (call: RecordedCall): void => {
    const last = calls.at(-1);
    if (last !== undefined && isSameRead(last, call)) {
      const isOther = last.data !== call.data || last.result !== call.result;
      const polled = isOther || last.polled === true ? { polled: true as const } : {};
      calls[calls.length - 1] = { ...call, ...polled };
    } else calls.push(call);
  };
  return { port: new Recording(port, names, keep).port, calls, names };
}

function isSameRead(last: RecordedCall, call: RecordedCall): boolean {
  return (
    call.call === READ &&
    last.call === READ &&
    last.fd === call.fd &&
    last.offset === call.offset &&
    last.length === call.length
  );
}

class Recording {
  readonly #port: KernelPort;
  readonly #names: Names;
  readonly #keep: (call: RecordedCall) => void;

  constructor(port: KernelPort, names: Names, keep: (call: RecordedCall) => void) {
    this.#port = port;
    this.#names = names;
    this.#keep = keep;
  }

  get port(): KernelPort {
    const port = this.#port;
    return {
      abi: port.abi,
      open: (path, flags) => this.#open(path, flags),
      close: (fd) => this.#close(fd),
      ioctl: (fd, request, argument) => {
        const finish = this.#ioctl(fd, request, argument);
        return finish(port.ioctl(fd, request, argument));
      },
      ioctlAsync: async (fd, request, argument) => {
        const finish = this.#ioctl(fd, request, argument);
        return finish(await port.ioctlAsync(fd, request, argument));
      },
      readAt: (fd, into, offset) =>
        this.#region(READ, { fd, bytes: into, offset }, () => port.readAt(fd, into, offset)),
      writeAt: (fd, from, offset) =>
        this.#region("write", { fd, bytes: from, offset }, () => port.writeAt(fd, from, offset)),
      mapMemory: (request) => this.#mapMemory(request),
      eventFd: () => this.#newFd({ call: "eventfd" }, "other", port.eventFd()),
      waitEvent: (fd, milliseconds) => this.#wait(fd, milliseconds),
      readLink: (path) => this.#text("readLink", path, port.readLink(path)),
      list: (path) => this.#text("list", path, port.list(path)),
      readText: (path) => this.#text("readText", path, port.readText(path)),
      writeText: (path, text) => this.#writeText(path, text),
    };
  }

  #writeText(path: string, text: string): number {
    const result = this.#port.writeText(path, text);
    const place = this.#names.hidden(path);
    this.#keep({ call: "writeText", path: place, value: this.#names.hidden(text), result });
    return result;
  }

  async #wait(fd: number, milliseconds: number): Promise<number> {
    const result = await this.#port.waitEvent(fd, milliseconds);
    this.#keep({ call: "wait", fd: this.#names.fdName(fd), value: milliseconds, result });
    return result;
  }

  #open(path: string, flags: "r" | "rw"): number {
    const kind = kindOfPath(path);
    const call = { call: "open", path: this.#names.hidden(path), flags };
    return this.#newFd(call, kind, this.#port.open(path, flags));
  }

  #close(fd: number): number {
    const name = this.#names.fdName(fd);
    const result = this.#port.close(fd);
    this.#names.dropFd(name);
    this.#keep({ call: "close", fd: name, result });
    return result;
  }

  #newFd(call: Omit<RecordedCall, "result">, kind: FileKind, fd: number): number {
    this.#keep({ ...call, result: fd < 0 ? fd : this.#names.addFd(fd, kind) });
    return fd;
  }

  /** Looks at the argument now; what is answered looks at it again. */
  #ioctl(fd: number, request: number, argument: Uint8Array | number): (result: number) => number {
    const names = this.#names;
    const name = names.fdName(fd);
    const known = vfioCall(this.#port.abi, names.kindOf(name), request);
    const call = {
      call: known?.name ?? "ioctl",
      fd: name,
      ...(known === undefined ? { request } : {}),
    };
    if (typeof argument === "number")
      return (result) => {
        this.#keep({ ...call, value: argument, result });
        return result;
      };
    const before = fieldsOf(known, argument, names);
    return (result) => {
      const after = { ...fieldsOf(known, argument, names), ...this.#bits(known, before) };
      const out = changed(before, after);
      const entry = { ...call, in: before, ...(out === undefined ? {} : { out }) };
      if (known?.name === GET_DEVICE_FD) return this.#newFd(entry, "device", result);
      this.#keep({ ...entry, result });
      return result;
    };
  }

  /** The dirty bits that the call wrote into the process's own memory. */
  #bits(call: VfioCall | undefined, fields: Fields): Fields {
    const { flags, "bitmap.data": data, "bitmap.size": size } = fields;
    const asked = call?.name === "VFIO_IOMMU_DIRTY_PAGES" ? 4 : 1;
    const hasBitmap = typeof data === "string" && typeof flags === "number";
    if (!hasBitmap || (flags & asked) === 0) return {};
    const length = Math.min(Number(size), MOST_BITMAP_BYTES);
    const bytes = this.#names.bytesAt(data, length);
    return bytes === undefined ? {} : { bits: Buffer.from(bytes).toString("hex") };
  }

  #region(
    call: "read" | "write",
    { fd, bytes, offset }: { fd: number; bytes: Uint8Array; offset: bigint },
    run: () => number,
  ): number {
    const written = call === "write" ? this.#register(bytes) : "";
    const result = run();
    const data =
      call === "write" ? written : this.#register(bytes.subarray(0, Math.max(0, result)));
    const place = { offset: `0x${offset.toString(16)}`, length: bytes.length };
    this.#keep({ call, fd: this.#names.fdName(fd), ...place, data, result });
    return result;
  }

  #register(bytes: Uint8Array): string {
    return Buffer.from(bytes).toString("hex");
  }

  #mapMemory(request: MapMemoryRequest): HostMemory | number {
    const { length, fd, offset, protection } = request;
    const memory = this.#port.mapMemory(request);
    const call = {
      call: "mapMemory",
      length,
      ...(fd === undefined ? {} : { fd: this.#names.fdName(fd) }),
      ...(offset === undefined ? {} : { offset: `0x${offset.toString(16)}` }),
      ...(request.pageSize === undefined ? {} : { value: request.pageSize }),
      ...(protection === undefined ? {} : { protection }),
    };
    if (typeof memory === "number") {
      this.#keep({ ...call, result: memory });
      return memory;
    }
    const name = this.#names.addMemory(memory, length);
    this.#keep({ ...call, result: name });
    return this.#watched(memory, name);
  }

  #watched(memory: HostMemory, name: string): HostMemory {
    return {
      address: memory.address,
      pageSize: memory.pageSize,
      get bytes() {
        return memory.bytes;
      },
      close: () => {
        const result = memory.close();
        this.#names.dropMemory(name);
        this.#keep({ call: "unmapMemory", value: name, result });
        return result;
      },
    };
  }

  #text<Answer extends string | number | readonly string[]>(
    call: string,
    path: string,
    answer: Answer,
  ): Answer {
    const locked = path === STATUS && typeof answer === "string";
    const text = locked ? { value: `VmLck ${lockedKib(answer)} kB` } : {};
    const result = typeof answer === "number" ? answer : "text";
    this.#keep({ call, path: this.#names.hidden(path), ...text, result });
    return answer;
  }
}

function kindOfPath(path: string): FileKind {
  if (path === "/dev/vfio/vfio") return "container";
  return /^\/dev\/vfio\/(noiommu-)?\d+$/.test(path) ? "group" : "other";
}
