// After a bad access: the handler, the device that is cut off, and how it comes back (pamu.md 5, C to E).

import { describe, expect, test } from "vitest";
import { SimulatedCrash } from "../../simulated-crash.ts";
import { MIB } from "../../testing/pamu-client.ts";
import {
  DEVICE,
  dividedPamu,
  LIODN,
  OTHER_DEVICE,
  OTHER_GROUP,
  openedPamu,
  type PamuReady,
  SHARED_GROUP,
  SHARED_LIODN,
} from "../../testing/pamu-ready.ts";

const WINDOW = 4 * MIB;
const MODES = ["sdk-compat", "strict"] as const;
const AVS1 = 0x50;
const PICS = 0xc1c;

/** One window of RAM at 0, so that the LIODN is on. */
function running(mode: (typeof MODES)[number], errata = {}): PamuReady {
  const ready = dividedPamu({ mode, errata });
  expect(mapAt(ready, 0)).toBe(0);
  return ready;
}

function mapAt({ client, container }: PamuReady, iova: number): number {
  const memory = client.memory(WINDOW, WINDOW);
  return client.map(container, { vaddr: memory.address, iova, size: WINDOW });
}

function reads({ host }: PamuReady, iova: number, device = DEVICE): boolean {
  return host.dma(device).read(BigInt(iova), new Uint8Array(1)).moved === 1;
}

describe.each(MODES)("%s", (mode) => {
  test("case 38: the handler clears the violation and the device's V", () => {
    const ready = running(mode);
    const { hardware, driver } = ready;
    expect(reads(ready, 0x20c0_0000)).toBe(false);
    expect(hardware.registers.read(AVS1)).toBe(0x0010_0000);
    expect(driver.tables.primary.word(LIODN, 1)).toBe(0x0000_0778);
    expect(hardware.registers.read(PICS)).toBe(0x4);
    expect(hardware.isRaised("violation")).toBe(false);
    expect(reads(ready, 0)).toBe(false);
  });

  test("case 80: after the violation, MAP_DMA of a further window", () => {
    const ready = running(mode);
    reads(ready, 0x20c0_0000);
    expect(reads(ready, 0)).toBe(false);
    expect(mapAt(ready, WINDOW)).toBe(0);
    expect(reads(ready, 0)).toBe(mode === "sdk-compat");
  });

  test("case 80: UNMAP of everything and MAP again resumes in either mode", () => {
    const ready = running(mode);
    reads(ready, 0x20c0_0000);
    expect(ready.client.unmap(ready.container, 0, WINDOW)).toBe(0);
    expect(mapAt(ready, 0)).toBe(0);
    expect(reads(ready, 0)).toBe(true);
  });

  test("another LIODN of the domain goes on", () => {
    const ready = running(mode);
    const { client, container } = ready;
    expect(client.setContainer(client.openGroup(OTHER_GROUP), container)).toBe(0);
    // The vendor's domain leaves it off until ENABLE comes again (case 55).
    expect(reads(ready, 0, OTHER_DEVICE)).toBe(mode === "strict");
    mapAt(ready, WINDOW);
    expect(reads(ready, 0, OTHER_DEVICE)).toBe(true);
    expect(reads(ready, 0x20c0_0000)).toBe(false);
    expect(reads(ready, 0, OTHER_DEVICE)).toBe(true);
  });

  test("section 2.3, quirk 10: two functions behind one controller share a LIODN", () => {
    const ready = openedPamu({ mode });
    const { client, driver, host } = ready;
    const container = client.openContainer();
    const group = client.openGroup(SHARED_GROUP);
    client.setContainer(group, container);
    expect(client.setIommu(container, 7)).toBe(0);
    client.setGeometry(container, 0, 1024 * MIB - 1);
    client.setWindows(container, 256);
    expect(driver.tables.pool.inUse).toBe(255);
    expect(mapAt({ ...ready, container }, 0)).toBe(0);
    for (const device of ["0000:00:04.0", "0000:00:04.1"])
      expect(host.dma(device).read(0n, new Uint8Array(1)).moved, device).toBe(1);
    // What one function does, the other suffers.
    host.dma("0000:00:04.1").read(0x20c0_0000n, new Uint8Array(1));
    expect(driver.tables.isValid(SHARED_LIODN)).toBe(false);
    expect(host.dma("0000:00:04.0").read(0n, new Uint8Array(1)).moved).toBe(0);
    client.port.close(group);
    expect(driver.tables.pool.inUse).toBe(0);
  });

  test("erratum PAMU3: the handler runs until the line is low", () => {
    const ready = openedPamu({ mode, windows: 16 });
    const { client, container, hardware } = ready;
    client.setGeometry(container, 0, 64 * MIB - 1);
    client.setWindows(container, 16);
    mapAt(ready, 0);
    reads(ready, 0x20_0000_00);
    expect(hardware.isRaised("violation")).toBe(false);
    expect(hardware.registers.read(PICS) & 8).toBe(0);
  });
});

describe("case 39: the device goes on after it was cut off", () => {
  test("sdk-compat switches the interrupt off for good", () => {
    const ready = running("sdk-compat");
    const { hardware, driver } = ready;
    reads(ready, 0x20c0_0000);
    reads(ready, 0);
    expect(driver.takeViolations().map(({ status, liodn }) => [status, liodn])).toEqual([
      [0x0010_0181, LIODN],
      [0x0010_0801, undefined],
    ]);
    expect(hardware.registers.read(PICS)).toBe(0);
    mapAt(ready, WINDOW);
    reads(ready, 0x20c0_0000);
    // Recorded, but nobody comes: V stays, and the device with it.
    expect(hardware.registers.read(AVS1)).toBe(0x0010_0181);
    expect(driver.tables.isValid(LIODN)).toBe(true);
  });

  test("sdk-compat without erratum A-003638: no second report, still blocked", () => {
    const ready = running("sdk-compat", { "A-003638": false });
    const { hardware, driver } = ready;
    reads(ready, 0x20c0_0000);
    expect(reads(ready, 0)).toBe(false);
    expect(hardware.registers.read(AVS1)).toBe(0x0010_0000);
    expect([driver.takeViolations().length, hardware.registers.read(PICS)]).toEqual([1, 4]);
  });

  test("strict keeps listening", () => {
    const ready = running("strict");
    const { hardware } = ready;
    reads(ready, 0x20c0_0000);
    reads(ready, 0);
    expect(hardware.registers.read(PICS)).toBe(4);
  });
});

describe("case 40: a violation of a LIODN that no table holds", () => {
  const strange = { liodns: [[0x10], [0x500], [0x30]] };

  test("sdk-compat has a BUG there: the run stops", () => {
    const ready = openedPamu({ mode: "sdk-compat", ...strange });
    expect(() => reads(ready, 0, OTHER_DEVICE)).toThrow(SimulatedCrash);
  });

  test("strict logs it and indexes nothing", () => {
    const ready = openedPamu({ mode: "strict", ...strange });
    expect(reads(ready, 0, OTHER_DEVICE)).toBe(false);
    expect(ready.driver.takeViolations()).toEqual([
      { pamu: 0, status: 0x0500_0401, address: 0, liodn: undefined },
    ]);
  });
});

test("case 42: what the driver programs, on every PAMU", () => {
  const { hardware, driver } = openedPamu();
  const { primary, secondary, operations } = driver.tables.places;
  expect(primary.base % 0x8_0000).toBe(0);
  const bytes = [primary, secondary, operations].map(({ base, limit }) => limit - base);
  expect(bytes).toEqual([0x1_4000, 0x2_0000, 0x800]);
  expect([secondary.base - primary.base, operations.base - primary.base]).toEqual([
    0x2_0000, 0x4_0000,
  ]);
  for (let pamu = 0; pamu < 5; pamu++) {
    const read = (offset: number): number => hardware.registers.read(pamu * 0x1000 + offset);
    const address = (offset: number): number => read(offset) * 2 ** 32 + read(offset + 4);
    expect([address(0), address(8)]).toEqual([primary.base, primary.limit]);
    expect([address(0x10), address(0x18)]).toEqual([secondary.base, secondary.limit]);
    expect([address(0x20), address(0x28)]).toEqual([operations.base, operations.limit]);
    expect([read(PICS), read(0xc10)]).toEqual([4, 0x4000_1011]);
  }
  expect(hardware.guts.registers.read(0x604)).toBe(0);
});

test("case 17: the operation mapping table", () => {
  const { operations } = openedPamu().driver.tables;
  expect([...operations.subarray(0, 9)].map((byte) => byte.toString(16))).toEqual([
    "80",
    "81",
    "96",
    "9d",
    "90",
    "0",
    "0",
    "92",
    "0",
  ]);
  expect([...operations.subarray(128, 131)].map((byte) => byte.toString(16))).toEqual([
    "98",
    "81",
    "0",
  ]);
});
