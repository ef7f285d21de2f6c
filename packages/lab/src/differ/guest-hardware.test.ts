import { expect, test } from "vitest";
import { MACHINES } from "../qemu/index.ts";
import { guestHardware } from "./guest-hardware.ts";

test("default: pseries has a default window of 64 MiB, 16,384 pages of 4 KiB", () => {
  expect(guestHardware("qemu/pseries")).toEqual([
    "-global",
    "spapr-pci-host-bridge.dma_win_size=0x4000000",
  ]);
});

test("behavior: every other machine is what it is for other commands", () => {
  for (const { target } of MACHINES)
    if (target !== "pseries") expect(guestHardware(`qemu/${target}`)).toEqual([]);
});
