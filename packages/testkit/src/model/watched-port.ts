// A port that counts, remembers which descriptors are whose, and fails one call when it is told to.
//
// A recorder would copy bytes at each call; histories of millions of steps need only names and
// numbers. Closing calls do their work and then report the failure, as Linux' close does.

import { ioctlName, vfioCommand } from "../kernel/decode/commands.ts";
import type { KernelPort } from "../kernel/port-types.ts";
import { LawBroken } from "../laws/law.ts";
import { type Interceptor, interceptPort, type PortCall } from "../trace/intercept.ts";
import { CallsInFlight } from "./calls-in-flight.ts";

/** One call that shall fail: the nth of the next operation. */
export interface ArmedFault {
  readonly nth: number;
  /** -errno, or an odd positive number. */
  readonly answer: number;
}

export type DescriptorKind = "container" | "group" | "device";

/** A step of closing, in the words of the closing order (I25). */
export interface ClosingStep {
  readonly what: "unmap" | "unset-container" | "close-device" | "close-group" | "close-container";
  readonly fd: number;
}

export class WatchedPort {
  readonly port: KernelPort;
  /** Calls since the operation began. */
  calls = 0;
  /** The name of the call that was made to fail in this operation. */
  fired: string | undefined;
  /** What that call answered. */
  firedAnswer = 0;
  /** Calls of the operation that close something. */
  closing: ClosingStep[] = [];
  /** Open descriptors of the library. */
  readonly descriptors: Map<number, DescriptorKind> = new Map();
  /** A number made of every call and answer so far: equal traces, equal numbers (I40). */
  digest = 17;
  #armed: ArmedFault | undefined;
  #next: ArmedFault | undefined;
  readonly #abi: KernelPort["abi"];
  readonly #containerNames: Readonly<Record<number, string>>;
  readonly #inFlight: CallsInFlight;

  constructor(port: KernelPort, containerNames: Readonly<Record<number, string>> = {}) {
    this.#abi = port.abi;
    this.#containerNames = containerNames;
    this.#inFlight = new CallsInFlight(port.abi);
    const interceptor: Interceptor = {
      around: (call, run) => this.#around(call, run),
      aroundAsync: (call, run) => this.#aroundAsync(call, run),
    };
    this.port = interceptPort(port, interceptor);
  }

  /** Arms a fault for the operation that begins next. */
  arm(fault: ArmedFault): void {
    this.#next = fault;
  }

  begin(): void {
    this.calls = 0;
    this.fired = undefined;
    this.closing = [];
    this.#armed = this.#next;
    this.#next = undefined;
  }

  /** A fault that met no call is forgotten with its operation. */
  end(): void {
    this.#armed = undefined;
  }

  #around<T>(call: PortCall, run: () => T): T | number {
    const title = this.#title(call);
    this.#inFlight.check(title, call);
    const fault = this.#strike(call);
    this.#note(call);
    const closes = call.name === "close" || call.name === "unmapMemory";
    const answer = fault === undefined || closes ? run() : fault.answer;
    const said = fault !== undefined && closes ? fault.answer : answer;
    this.#inFlight.learn(title, call, answer);
    this.#learn(call, answer);
    this.#digest(call, said);
    return said;
  }

  async #aroundAsync(call: PortCall, run: () => Promise<number>): Promise<number> {
    const title = this.#title(call);
    this.#inFlight.check(title, call);
    const fault = this.#strike(call);
    const leave = this.#inFlight.enter(title, call);
    try {
      const answer = fault === undefined ? await run() : fault.answer;
      this.#digest(call, answer);
      return answer;
    } finally {
      leave();
    }
  }

  #strike(call: PortCall): ArmedFault | undefined {
    this.calls++;
    const fault = this.#armed;
    if (fault === undefined || this.calls !== fault.nth) return undefined;
    this.fired = this.#title(call);
    this.firedAnswer = fault.answer;
    this.#armed = undefined;
    return fault;
  }

  #title(call: PortCall): string {
    if (call.request === undefined) return call.name;
    const kind = this.descriptors.get(call.fd ?? -1) ?? "container";
    const own = this.#containerNames[vfioCommand(this.#abi, call.request)];
    return (kind === "container" ? own : undefined) ?? ioctlName(this.#abi, kind, call.request);
  }

  /** What closing does, before it is done: afterwards the descriptor has no kind. */
  #note(call: PortCall): void {
    const fd = call.fd ?? -1;
    if (call.name === "close") {
      const kind = this.descriptors.get(fd);
      if (kind === undefined)
        throw new LawBroken("I24", `descriptor ${fd} is closed, which is not open`);
      this.closing.push({ what: `close-${kind}`, fd });
    } else if (call.request !== undefined) {
      const title = this.#title(call);
      if (title === "VFIO_IOMMU_UNMAP_DMA") this.closing.push({ what: "unmap", fd });
      if (title === "VFIO_GROUP_UNSET_CONTAINER")
        this.closing.push({ what: "unset-container", fd });
    }
  }

  #learn(call: PortCall, answer: unknown): void {
    if (typeof answer !== "number") return;
    const fd = call.fd ?? -1;
    if (call.name === "close") this.descriptors.delete(fd);
    else if (call.name === "open" && answer >= 0)
      this.descriptors.set(answer, call.path === "/dev/vfio/vfio" ? "container" : "group");
    else if (answer >= 0 && this.#title(call) === "VFIO_GROUP_GET_DEVICE_FD")
      this.descriptors.set(answer, "device");
  }

  #digest(call: PortCall, answer: unknown): void {
    this.#mix(call.name.length * 64 + call.name.charCodeAt(0));
    this.#mix(call.fd ?? 0);
    this.#mix(call.request ?? 0);
    this.#mix(typeof answer === "number" ? answer : 77);
    // Memory that the kernel writes is compared by the laws; what the library wrote is here.
    if (call.argument instanceof Uint8Array && call.argument.length <= 64)
      for (const byte of call.argument) this.#mix(byte);
  }

  #mix(value: number): void {
    this.digest = Math.imul(this.digest ^ value, 0x0100_0193) >>> 0;
  }
}
