// VFIO_DEVICE_SET_IRQS: the header's checks in the kernel's order, then one action.
//
// type1.md 5.7. Eventfds are looked up one by one, so a bad one leaves later vectors as they were.

import { IRQ_SET } from "./decode/vfio.ts";
import { EBADF, EFAULT, EINVAL, ENOTTY } from "./errno.ts";
import { EventFd } from "./event-fd.ts";
import type { IoctlCall } from "./open-file.ts";
import type { ByteOrder } from "./port-types.ts";
import { copyStruct } from "./user-copy.ts";
import { type DeviceInterrupts, ERR, INTX, MSI, REQ } from "./vfio-interrupts.ts";

const DATA_NONE = 1;
const DATA_BOOL = 2;
const DATA_EVENTFD = 4;
const DATA_MASK = 7;
const ACTION_MASK = 8;
const ACTION_UNMASK = 0x10;
const ACTION_TRIGGER = 0x20;
const ACTIONS = 0x38;
const INDEXES = 5;

/** One checked request. `data` holds `count` elements of the kind that the flags name. */
interface IrqRequest {
  readonly call: IoctlCall;
  readonly order: ByteOrder;
  readonly flags: number;
  readonly index: number;
  readonly start: number;
  readonly count: number;
  readonly data: Uint8Array;
}

export function setIrqs(interrupts: DeviceInterrupts, call: IoctlCall, order: ByteOrder): number {
  const head = copyStruct(call.argument, IRQ_SET, order);
  if (head === undefined) return -EFAULT;
  const [argsz, flags, index] = [
    head.view.u32("argsz"),
    head.view.u32("flags"),
    head.view.u32("index"),
  ];
  const [start, count] = [head.view.u32("start"), head.view.u32("count")];
  if (argsz < IRQ_SET.size || index >= INDEXES || count >= 0xffff_ffff - start) return -EINVAL;
  if ((flags & ~(DATA_MASK | ACTIONS)) !== 0) return -EINVAL;
  const available = interrupts.countOf(index);
  if (start >= available || start + count > available) return -EINVAL;
  const size = elementSize(flags);
  if (size < 0 || argsz - IRQ_SET.size < count * size) return -EINVAL;
  const data = call.argument.read(IRQ_SET.size, count * size);
  if (data === undefined) return -EFAULT;
  return dispatch(interrupts, { call, order, flags, index, start, count, data });
}

function elementSize(flags: number): number {
  const kind = flags & DATA_MASK;
  if (kind === DATA_NONE) return 0;
  if (kind === DATA_BOOL) return 1;
  return kind === DATA_EVENTFD ? 4 : -1;
}

function dispatch(interrupts: DeviceInterrupts, request: IrqRequest): number {
  const action = request.flags & ACTIONS;
  if (request.index === INTX) {
    if (action === ACTION_MASK) return maskIntx(interrupts, request);
    if (action === ACTION_UNMASK) return unmaskIntx(interrupts, request);
    return action === ACTION_TRIGGER ? triggerIntx(interrupts, request) : -ENOTTY;
  }
  if (action !== ACTION_TRIGGER) return -ENOTTY;
  if (request.index === MSI) return triggerMsi(interrupts, request);
  const notify = request.index === ERR || request.index === REQ;
  return notify ? triggerNotify(interrupts, request) : -ENOTTY;
}

function maskIntx(interrupts: DeviceInterrupts, request: IrqRequest): number {
  if (interrupts.active !== "intx" || !isTheOne(request)) return -EINVAL;
  if (has(request, DATA_EVENTFD)) return -ENOTTY;
  if (asksToAct(request)) interrupts.maskIntx();
  return 0;
}

function unmaskIntx(interrupts: DeviceInterrupts, request: IrqRequest): number {
  if (interrupts.active !== "intx" || !isTheOne(request)) return -EINVAL;
  if (has(request, DATA_EVENTFD)) {
    const eventFd = eventFdAt(request, 0);
    return typeof eventFd === "number" ? eventFd : interrupts.setUnmaskEvent(eventFd);
  }
  if (asksToAct(request)) interrupts.unmaskIntx();
  return 0;
}

function triggerIntx(interrupts: DeviceInterrupts, request: IrqRequest): number {
  const active = interrupts.active === "intx";
  if (active && request.count === 0 && has(request, DATA_NONE)) return disable(interrupts);
  if (!(active || interrupts.active === "none") || !isTheOne(request)) return -EINVAL;
  if (has(request, DATA_EVENTFD)) {
    const eventFd = eventFdAt(request, 0);
    if (typeof eventFd === "number") return eventFd;
    if (active) interrupts.replaceIntx(eventFd);
    else interrupts.enableIntx(eventFd);
    return 0;
  }
  if (!active) return -EINVAL;
  if (asksToAct(request)) interrupts.intxTarget?.signal();
  return 0;
}

function triggerMsi(interrupts: DeviceInterrupts, request: IrqRequest): number {
  const active = interrupts.active === "msi";
  if (active && request.count === 0 && has(request, DATA_NONE)) return disable(interrupts);
  if (!(active || interrupts.active === "none")) return -EINVAL;
  if (has(request, DATA_EVENTFD)) return setMsiBlock(interrupts, request, active);
  if (!active) return -EINVAL;
  for (let at = 0; at < request.count; at += 1)
    if (has(request, DATA_NONE) || request.data[at] !== 0) interrupts.message(request.start + at);
  return 0;
}

function setMsiBlock(
  interrupts: DeviceInterrupts,
  request: IrqRequest,
  wasActive: boolean,
): number {
  const enabled = wasActive ? 0 : interrupts.enableMsi(request.start + request.count);
  if (enabled !== 0) return enabled;
  for (let at = 0; at < request.count; at += 1) {
    const errno = setMsiVector(interrupts, request, at);
    if (errno === 0) continue;
    for (let undo = at; undo >= 0; undo -= 1) interrupts.setVector(request.start + undo, null);
    if (!wasActive) interrupts.disable();
    return errno;
  }
  return 0;
}

/** The old eventfd of the vector goes before the new one is looked at. */
function setMsiVector(interrupts: DeviceInterrupts, request: IrqRequest, at: number): number {
  const emptied = interrupts.setVector(request.start + at, null);
  if (emptied !== 0) return emptied;
  const eventFd = eventFdAt(request, at);
  return typeof eventFd === "number" ? eventFd : interrupts.setVector(request.start + at, eventFd);
}

function triggerNotify(interrupts: DeviceInterrupts, request: IrqRequest): number {
  const current = interrupts.notify.get(request.index);
  if (has(request, DATA_NONE)) {
    if (current === undefined) return -EINVAL;
    if (request.count === 0) return dropNotify(interrupts, request.index);
    current.signal();
    return 0;
  }
  if (request.count === 0) return -EINVAL;
  if (has(request, DATA_BOOL)) {
    if (request.data[0] !== 0) current?.signal();
    return 0;
  }
  const fd = fdAt(request, 0);
  if (fd === -1) return dropNotify(interrupts, request.index);
  if (fd < -1) return -EINVAL;
  const eventFd = eventFdAt(request, 0);
  if (typeof eventFd === "number" || eventFd === null) return eventFd ?? -EINVAL;
  dropNotify(interrupts, request.index);
  interrupts.notify.set(request.index, eventFd);
  return 0;
}

function dropNotify(interrupts: DeviceInterrupts, index: number): number {
  interrupts.notify.get(index)?.drop();
  interrupts.notify.delete(index);
  return 0;
}

function disable(interrupts: DeviceInterrupts): number {
  interrupts.disable();
  return 0;
}

function has(request: IrqRequest, kind: number): boolean {
  return (request.flags & kind) !== 0;
}

function isTheOne(request: IrqRequest): boolean {
  return request.start === 0 && request.count === 1;
}

function asksToAct(request: IrqRequest): boolean {
  return has(request, DATA_NONE) || (has(request, DATA_BOOL) && request.data[0] !== 0);
}

function fdAt(request: IrqRequest, at: number): number {
  const view = new DataView(request.data.buffer, request.data.byteOffset, request.data.length);
  return view.getInt32(4 * at, request.order === "little");
}

/** A held eventfd, null for a negative number ("none"), or -errno. */
function eventFdAt(request: IrqRequest, at: number): EventFd | null | number {
  const fd = fdAt(request, at);
  if (fd < 0) return null;
  const file = request.call.process.fds.get(fd);
  if (file === undefined) return -EBADF;
  return file instanceof EventFd ? file.hold() : -EINVAL;
}
