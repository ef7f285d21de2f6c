// Lookups of the simulated PAMU: one window, 256 windows, and as a device's transfer meets them.
//
// Every lookup fetches its entries from simulated memory: the tables are snooped and nothing is kept.
// Addresses come in an order that is no order, over all windows.

import { IOE } from "../../packages/testkit/src/hardware/pamu/operations.ts";
import {
  primaryWords,
  secondaryWords,
} from "../../packages/testkit/src/hardware/pamu/testing/entry-codec.ts";
import { HandBuiltPamu } from "../../packages/testkit/src/hardware/pamu/testing/hand-built.ts";
import type { Bench, Scenario } from "../harness/bench.ts";
import { type Loop, timed } from "../harness/measure.ts";
import { shuffled } from "../harness/shuffle.ts";

const ONE_WINDOW = 0x40;
const MANY_WINDOWS = 0x10;
/** 1 GiB in 256 windows of 4 MiB; frames of the aperture, every 16th of them asked for. */
const WINDOWS = 256;
const WINDOW_BYTES = 0x40_0000n;
const STRIDE = 16;
const FRAMES = (WINDOWS * Number(WINDOW_BYTES)) / 4096;
const PCIE_LIODN = 0x500;

export const scenario: Scenario = (bench) => {
  const hand = machine();
  const frames = Uint32Array.from(shuffled(FRAMES / STRIDE, 5), (index) => index * STRIDE);
  requireAnswers(hand, frames);
  compare(bench, "one window", looking(hand, ONE_WINDOW, frames));
  compare(bench, "256 windows", looking(hand, MANY_WINDOWS, frames));
  compare(bench, "256 windows, as a device", translating(hand, frames));
};

function compare(bench: Bench, series: string, measured: Loop): void {
  bench.compare({ series, base: "yardstick", measured, baseLoop: bench.yardstick });
}

function looking({ pamu }: HandBuiltPamu, liodn: number, frames: Uint32Array): Loop {
  return (operations) =>
    timed(() => {
      for (let i = 0, at = 0; i < operations; i++) {
        if (pamu.authorize(liodn, frames[at] ?? 0, 0, IOE.WRITE) < 0) throw blocked();
        if (++at === frames.length) at = 0;
      }
    });
}

function translating({ system }: HandBuiltPamu, frames: Uint32Array): Loop {
  return (operations) =>
    timed(() => {
      for (let i = 0, at = 0; i < operations; i++) {
        if (system.translateFrame(0, frames[at] ?? 0, "write") < 0) throw blocked();
        if (++at === frames.length) at = 0;
      }
    });
}

function blocked(): Error {
  return new Error("a lookup was blocked");
}

function requireAnswers({ pamu }: HandBuiltPamu, frames: Uint32Array): void {
  for (const frame of frames) {
    const one = pamu.authorize(ONE_WINDOW, frame, 0, IOE.READ);
    const many = pamu.authorize(MANY_WINDOWS, frame, 0, IOE.READ);
    if (one !== 0x10_0000 + frame || many !== targetFrame(frame)) throw new Error("a wrong answer");
  }
}

/** Window k leads to window 255 - k of the 1 GiB at 8 GiB. */
function targetFrame(frame: number): number {
  const window = FRAMES / WINDOWS;
  const k = Math.floor(frame / window);
  return 0x20_0000 + (WINDOWS - 1 - k) * window + (frame % window);
}

function machine(): HandBuiltPamu {
  const hand = new HandBuiltPamu();
  const all = { valid: true, access: 3 } as const;
  const size = BigInt(WINDOWS) * WINDOW_BYTES;
  hand.putPrimary(ONE_WINDOW, primaryWords({ size, ...all, target: 0x1_0000_0000n }));
  for (let k = 0; k < WINDOWS; k++) {
    const target = BigInt(targetFrame((k * FRAMES) / WINDOWS)) * 4096n;
    const fields = { mappedSize: WINDOW_BYTES, ...all, target };
    if (k === 0) hand.putPrimary(MANY_WINDOWS, primaryWords({ size, windows: WINDOWS, ...fields }));
    else hand.putSecondary(k - 1, secondaryWords({ owner: MANY_WINDOWS, ...fields }));
  }
  hand.system.guts.registers.write(PCIE_LIODN, MANY_WINDOWS);
  return hand;
}
