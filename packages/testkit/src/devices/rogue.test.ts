import { describe, expect, test } from "vitest";
import { AmdIommu } from "../hardware/amdvi/amd-iommu.ts";
import { VtdIommu } from "../hardware/vtd/vtd-iommu.ts";
import { AmdDriver } from "../kernel/iommu/amdvi-driver.ts";
import { VtdDriver } from "../kernel/iommu/vtd-driver.ts";
import { DmaBus } from "../memory/bus.ts";
import { frameOfPage, PhysicalMemory } from "../memory/physical-memory.ts";
import { ROGUE_BYTE, RogueDevice } from "./rogue.ts";

const REQUESTER = 0x0108;

describe.each(["VT-d", "AMD-Vi"] as const)("behind %s", (kind) => {
  function world() {
    const memory = new PhysicalMemory();
    const unit = kind === "VT-d" ? new VtdIommu({ memory }) : new AmdIommu({ memory });
    const Driver = kind === "VT-d" ? VtdDriver : AmdDriver;
    const domain = new Driver({ memory, registers: unit.registers }).createDomain();
    domain.attach(REQUESTER);
    const victim = memory.allocate(4, "contiguous");
    const own = memory.allocate(3, "scattered");
    const secret = memory.allocate(1, "contiguous");
    secret.bytes.fill(0x5e);
    for (let page = 0; page < 3; page++)
      domain.map(0x100 + page, frameOfPage(own, page), 1, { read: true, write: page !== 1 });
    const rogue = new RogueDevice(new DmaBus({ hardware: unit, memory }), REQUESTER);
    const untouched = (): boolean =>
      victim.bytes.every((byte) => byte === 0) && secret.bytes.every((byte) => byte === 0x5e);
    return { rogue, own, secret, memory, untouched };
  }

  test("a sweep of 1 GiB of addresses reaches exactly what is mapped", () => {
    const { rogue, untouched } = world();
    const report = rogue.probePages({ start: 0n, size: 1n << 30n }, "read");
    expect(report.reached.map(({ start }) => start)).toEqual([0x10_0000n, 0x10_1000n, 0x10_2000n]);
    expect(report.bytesReached).toBe(3n);
    expect(report.blockedAccesses).toBe(2 ** 18 - 3);
    expect(untouched()).toBe(true);
  });

  test("a write sweep changes the writable pages only, byte for byte", () => {
    const { rogue, own, untouched } = world();
    const report = rogue.sweep({ start: 0xf_fff0n, size: 0x3020n }, "write");
    expect(report).toEqual({
      reached: [
        { start: 0x10_0000n, size: 0x1000n },
        { start: 0x10_2000n, size: 0x1000n },
      ],
      bytesReached: 0x2000n,
      bytesBlocked: 0x1020n,
      blockedAccesses: 3,
    });
    const changed = [0, 1, 2].map((page) =>
      own.bytes.subarray(4096 * page, 4096 * (page + 1)).every((byte) => byte === ROGUE_BYTE),
    );
    expect(changed).toEqual([true, false, true]);
    expect(untouched()).toBe(true);
  });

  test("one byte before and after each boundary is out of reach", () => {
    const { rogue, untouched } = world();
    const told = [
      { start: 0x10_0000n, size: 0x3000n },
      { start: 0n, size: 1n << 64n },
    ];
    for (const access of ["read", "write"] as const)
      expect(rogue.overreach(told, access)).toMatchObject({ bytesReached: 0n, bytesBlocked: 2n });
    expect(untouched()).toBe(true);
  });

  test("physical addresses mean nothing to it", () => {
    const { rogue, secret, memory, untouched } = world();
    const physical = BigInt(frameOfPage(secret, 0)) << 12n;
    expect([...rogue.read(physical, 4)]).toEqual([0, 0, 0, 0]);
    const size = 4n * 4096n;
    expect(rogue.sweep({ start: physical - 4096n, size }, "write").bytesReached).toBe(0n);
    expect(untouched()).toBe(true);
    expect(memory.takeStrayAccesses()).toEqual([]);
  });
});
