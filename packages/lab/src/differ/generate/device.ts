// Calls on devices: getting one, asking it, its interrupts, its DMA.

import type { IrqsOp, Slot } from "../op.ts";
import { MOST_DMA_BYTES } from "../safety.ts";
import { type Draft, word } from "./draft.ts";

/** Flags of VFIO_DEVICE_SET_IRQS. */
const NONE = 1;
const BOOL = 2;
const EVENTFD = 4;
const MASK = 8;
const UNMASK = 0x10;
const TRIGGER = 0x20;
const MINUS_ONE = 0xffff_ffff;

type SomeIrqs = Pick<IrqsOp, "flags" | "count" | "data">;

export function addDevice(draft: Draft): void {
  const { random } = draft;
  const name = random.weighted([
    [12, "{0}"],
    [4, "{1}"],
    [1, "{0} "],
    [1, "{0}x"],
    [1, ""],
    [1, "0000:ff:1f.7"],
    [1, "{*4095}"],
    [1, "{*4096}"],
    [1, "{0} vf_token=00000000-0000-0000-0000-000000000000"],
    [1, "{0} foo"],
  ]);
  const into = random.weighted<Slot>([
    [6, "d0"],
    [2, "d1"],
  ]);
  draft.add({ op: "device", fd: draft.group(), into, name });
}

/** The device of the first group, for what follows. */
export function addGoodDevice(draft: Draft): void {
  draft.add({ op: "device", fd: "g0", into: "d0", name: "{0}" });
}

export function addDeviceInfo(draft: Draft): void {
  const { random } = draft;
  const argsz = random.weighted([
    [6, 24],
    [2, random.below(40)],
    [1, 4000],
  ]);
  draft.add({ op: "device-info", fd: draft.device(), argsz });
}

export function addRegionInfo(draft: Draft): void {
  const { random } = draft;
  const argsz = random.weighted([
    [8, 32],
    [1, random.below(40)],
    [1, 4000],
  ]);
  draft.add({ op: "region-info", fd: draft.device(), argsz, index: random.below(12) });
}

export function addIrqInfo(draft: Draft): void {
  const { random } = draft;
  const argsz = random.weighted([
    [8, 16],
    [1, random.below(24)],
    [1, 4000],
  ]);
  draft.add({ op: "irq-info", fd: draft.device(), argsz, index: random.below(7) });
}

export function addReset(draft: Draft): void {
  draft.add({ op: "word", fd: draft.device(), call: "DEVICE_RESET", value: 0 });
}

/** Requests that mean something, in an order that may not. */
const SENSIBLE_IRQS: readonly [SomeIrqs, ...SomeIrqs[]] = [
  { flags: EVENTFD | TRIGGER, count: 1, data: ["e0"] },
  { flags: EVENTFD | TRIGGER, count: 1, data: ["e0"] },
  { flags: EVENTFD | TRIGGER, count: 1, data: [MINUS_ONE] },
  { flags: EVENTFD | UNMASK, count: 1, data: ["e0"] },
  { flags: EVENTFD | UNMASK, count: 1, data: [MINUS_ONE] },
  { flags: NONE | TRIGGER, count: 0, data: [] },
  { flags: NONE | TRIGGER, count: 1, data: [] },
  { flags: BOOL | TRIGGER, count: 1, data: [1] },
  { flags: NONE | MASK, count: 1, data: [] },
  { flags: NONE | UNMASK, count: 1, data: [] },
  { flags: BOOL | MASK, count: 1, data: [1] },
];

export function addSetIrqs(draft: Draft): void {
  const { random } = draft;
  const { flags, count, data } = random.oneIn(3) ? oddIrqs(draft) : random.pick(SENSIBLE_IRQS);
  const size = 20 + 4 * data.length;
  draft.add({
    op: "set-irqs",
    fd: draft.device(),
    argsz: random.weighted([
      [16, size],
      [1, 20],
      [1, random.below(32)],
    ]),
    flags,
    index: random.weighted([
      [5, 0],
      [5, 1],
      [1, 2],
      [1, 3],
      [3, 4],
      [1, 5],
    ]),
    start: random.weighted([
      [16, 0],
      [1, 1],
      [1, 0xffff_ffff],
    ]),
    count,
    data,
  });
}

/** None, bool or eventfd data; mask, unmask or trigger; and combinations that mean nothing. */
function oddIrqs({ random }: Draft): SomeIrqs {
  const flags = random.oneIn(4)
    ? random.below(128)
    : random.pick([NONE, BOOL, EVENTFD]) | random.pick([MASK, UNMASK, TRIGGER]);
  const count = random.weighted([
    [4, 0],
    [8, 1],
    [1, 2],
    [1, 0xffff_ffff],
  ]);
  const slot = random.pick<Slot | number>(["e0", "none", "far", "c0", MINUS_ONE, 0xffff_fffe]);
  // Small numbers are descriptors of the process itself, which two processes need not share.
  return { flags, count, data: (flags & EVENTFD) !== 0 ? [slot] : [random.below(2)] };
}

export function addDma(draft: Draft): void {
  const { random } = draft;
  const place = (): string => {
    const mapping = draft.someMapping();
    if (mapping === undefined || random.oneIn(5))
      return word(0x20_0000n + 0x800n * BigInt(random.below(160)));
    return word(mapping.iova + BigInt(random.pick([0, 0, 0x400, 0xc00])));
  };
  const length = random.pick([4, 256, 1024, MOST_DMA_BYTES]);
  draft.add({ op: "dma", fd: draft.device(), from: place(), to: place(), length });
}
