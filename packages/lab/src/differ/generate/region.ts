// Reads and writes of a device's regions: configuration space, registers, and what is not there.

import { isSpapr } from "../environment.ts";
import { type Draft, word } from "./draft.ts";

const CONFIG = 7;
const COMMAND = 0x04;
const HEADER_TYPE = 0x0e;

/** Places in configuration space whose values two machines share. */
const CONFIG_PLACES: readonly (readonly [offset: number, length: number])[] = [
  [0x00, 4],
  [0x00, 2],
  [0x02, 2],
  [0x01, 1],
  [0x04, 2],
  [0x06, 2],
  [0x08, 4],
  [0x0c, 4],
  [0x0e, 1],
  [0x14, 4],
  [0x18, 8],
  [0x2c, 4],
  [0x34, 1],
  [0x3d, 1],
  [0x40, 4],
  [0x42, 2],
  [0x44, 8],
  [0xfc, 4],
  [0xfc, 8],
  [0x100, 4],
  [0xff, 1],
];

export function addConfigRead(draft: Draft): void {
  const [offset, length] = draft.random.pick([[0x00, 4], ...CONFIG_PLACES]);
  // On POWER the device has another function beside it, which the header type tells.
  if (offset <= HEADER_TYPE && offset + length > HEADER_TYPE && isSpapr(draft.environment)) return;
  // What the command register holds at first is the firmware's choice, which differs on POWER.
  if (offset === COMMAND && isSpapr(draft.environment))
    draft.add({ ...regionOp(draft, "write", CONFIG, offset, length), value: 0x0002 });
  draft.add(regionOp(draft, "read", CONFIG, offset, length));
}

export function addConfigWrite(draft: Draft): void {
  const { random } = draft;
  const [offset, length, value] = random.pick<[number, number, number]>([
    [0x04, 2, 0x0000],
    [0x04, 2, 0x0002],
    [0x04, 2, 0x0006],
    [0x04, 2, 0x0406],
    [0x04, 2, 0xffff],
    [0x00, 4, 0xffff_ffff],
    [0x06, 2, 0xffff],
    [0x0c, 1, 0x10],
    [0x0d, 1, 0x40],
    [0x2c, 4, 0xffff_ffff],
    [0x34, 1, 0xff],
    [0x42, 2, 0x0001],
    [0x42, 2, 0x0000],
    [0x44, 4, 0xfee0_0000],
    [0x100, 4, 0],
  ]);
  draft.add({ ...regionOp(draft, "write", CONFIG, offset, length), value });
}

/** A BAR's address differs from machine to machine; its size mask does not. */
export function addBarSizing(draft: Draft): void {
  const fd = draft.device();
  const bar: number = draft.random.pick([0x10, 0x14, 0x24, 0x30]);
  const at = { fd, region: CONFIG, offset: word(BigInt(bar)), length: 4 };
  draft.add({ op: "write", ...at, value: 0xffff_ffff }, { op: "read", ...at });
}

/** Registers that no earlier sequence can have changed, and the region's end. */
export function addBarRead(draft: Draft): void {
  const [offset, length] = draft.random.pick<[number, number]>([
    [0x00, 4],
    [0x00, 1],
    [0x00, 2],
    [0x00, 8],
    [0x02, 4],
    [0x0c, 4],
    [0xf_fffc, 4],
    [0xf_fffc, 8],
    [0xf_ffff, 1],
    [0x10_0000, 4],
    [0x10_0000, 1],
  ]);
  draft.add(regionOp(draft, "read", 0, offset, length));
}

export function addLiveness(draft: Draft): void {
  const at = { fd: draft.device(), region: 0, offset: "0x4", length: 4 };
  draft.add({ op: "write", ...at, value: draft.random.next() }, { op: "read", ...at });
}

/** Regions that are empty or are not there. */
export function addOddRegion(draft: Draft): void {
  const { random } = draft;
  const region = random.pick([1, 5, 6, 8, 9, 200]);
  const kind = random.pick(["read", "write"] as const);
  draft.add(regionOp(draft, kind, region, random.pick([0, 4, 0x1000]), 4));
}

function regionOp<Kind extends "read" | "write">(
  draft: Draft,
  op: Kind,
  region: number,
  offset: number,
  length: number,
) {
  return { op, fd: draft.device(), region, offset: word(BigInt(offset)), length };
}
