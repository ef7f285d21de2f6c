// MSI banks: windows onto an interrupt register, and interrupts that arrive through them (pamu.md 5, E).

import { describe, expect, test } from "vitest";
import { SimulatedCrash } from "../../simulated-crash.ts";
import { MIB, type PamuClient, words } from "../../testing/pamu-client.ts";
import {
  DEVICE,
  dividedPamu,
  GIB,
  LIODN,
  openedPamu,
  type PamuReady,
  secondaryWords,
  tableBytes,
} from "../../testing/pamu-ready.ts";

const EBUSY = -16;
const ENODEV = -19;
const EINVAL = -22;
const ETIMEDOUT = -110;
const MODES = ["sdk-compat", "strict"] as const;

/** What a device's write of a vector number to an address raised. */
function raise({ host, driver }: PamuReady, address: bigint, vector: number): unknown[] {
  host.dma(DEVICE).write(address, Uint8Array.of(vector, 0, 0, 0));
  return driver.messages.takeRaised().map(({ bank, vector: raised }) => [bank, raised]);
}

/** RAM behind window 0, so that the LIODN is on. */
function run({ client, container }: PamuReady): void {
  const memory = client.memory(4 * MIB, 4 * MIB);
  const request = { vaddr: memory.address, iova: 0, size: 4 * MIB };
  expect(client.map(container, request)).toBe(0);
}

describe.each(MODES)("%s", (mode) => {
  test("case 70: MAP_MSI bank 1 at 0x20400000", () => {
    const { client, container, driver } = dividedPamu({ mode });
    expect(client.mapMsi(container, 1, 0x2040_0000)).toBe(0);
    expect(secondaryWords(driver, 128)).toBe("0 0010001B 00000080 00000004 0000000F FE0452C0 0 0");
    expect(driver.tables.isValid(LIODN)).toBe(false);
  });

  test("cases 9 and 19: each bank's window reaches its own alias", () => {
    const ready = dividedPamu({ mode });
    const { client, container, driver } = ready;
    run(ready);
    for (const bank of [0, 1, 2]) client.mapMsi(container, bank, 0x2000_0000 + bank * 4 * MIB);
    const fifth = [127, 128, 129].map((entry) => driver.tables.secondary.word(entry, 5));
    expect(fifth).toEqual([0xfe04_42c0, 0xfe04_52c0, 0xfe04_62c0]);
    expect(raise(ready, 0x2000_0140n, 7)).toEqual([[0, 7]]);
    expect(raise(ready, 0x2040_0140n, 8)).toEqual([[1, 8]]);
    expect(raise(ready, 0x2080_0140n, 255)).toEqual([[2, 255]]);
    expect(raise(ready, 0x2080_0148n, 9)).toEqual([]);
  });

  test("section 3.6: MPIC 4.3 has a fourth bank, and its alias 8 bytes further on", () => {
    const ready = dividedPamu({ mode, soc: "t4240" });
    run(ready);
    expect(ready.client.mapMsi(ready.container, 3, 0x2000_0000)).toBe(0);
    expect(raise(ready, 0x2000_0140n, 7)).toEqual([]);
    expect(raise(ready, 0x2000_0148n, 7)).toEqual([[3, 7]]);
  });

  test("case 79: MSI after RAM does not disturb V; the other way round the device stays off", () => {
    const ready = dividedPamu({ mode });
    const { client, container, driver } = ready;
    expect(client.mapMsi(container, 0, 0x2000_0000)).toBe(0);
    expect(driver.tables.isValid(LIODN)).toBe(false);
    run(ready);
    expect(driver.tables.isValid(LIODN)).toBe(true);
    expect(client.mapMsi(container, 1, 0x2040_0000)).toBe(0);
    expect(driver.tables.isValid(LIODN)).toBe(true);
    expect(client.unmapMsi(container, 0x2000_0000)).toBe(0);
    expect(client.unmapMsi(container, 0x2040_0000)).toBe(0);
    expect(driver.tables.isValid(LIODN)).toBe(true);
    expect(driver.tables.secondary.word(127, 1) & 1).toBe(0);
  });

  test("case 79: message interrupts need a bank that is mapped", () => {
    const ready = dividedPamu({ mode });
    const { client, container } = ready;
    run(ready);
    const device = openDevice(ready);
    const event = client.port.eventFd();
    expect(enableMsi(client, device, event)).toBe(ENODEV);
    // Controller 0 is bound to bank 0 (`fsl,msi`): another one does not help.
    client.mapMsi(container, 1, 0x2040_0000);
    expect(enableMsi(client, device, event)).toBe(ENODEV);
    client.mapMsi(container, 0, 0x2000_0000);
    expect(enableMsi(client, device, event)).toBe(0);
    expect(messageAddress(ready)).toBe(0x2000_0140n);
  });

  test("section 3.6: an interrupt of the device arrives at its eventfd", async () => {
    const ready = dividedPamu({ mode });
    const { client, container, driver } = ready;
    run(ready);
    client.mapMsi(container, 0, 0x2000_0000);
    const device = openDevice(ready);
    const event = client.port.eventFd();
    enableMsi(client, device, event);
    raiseEdu(client, device);
    expect(await client.port.waitEvent(event, 0)).toBe(1);
    expect(driver.messages.takeRaised()).toEqual([{ requester: 0x10, bank: 0, vector: 0 }]);
    client.unmapMsi(container, 0x2000_0000);
    raiseEdu(client, device);
    expect(await client.port.waitEvent(event, 0)).toBe(ETIMEDOUT);
  });
});

describe("case 71", () => {
  test.each([
    ["sdk-compat", 0],
    ["strict", EINVAL],
  ] as const)("%s: flags 0", (mode, answer) => {
    const ready = dividedPamu({ mode });
    const before = tableBytes(ready);
    expect(ready.client.mapMsi(ready.container, 1, 0x2040_0000, 0)).toBe(answer);
    expect(tableBytes(ready)).toBe(before);
  });

  test("sdk-compat: flags READ gives a window that no interrupt passes", () => {
    const ready = dividedPamu({ mode: "sdk-compat" });
    run(ready);
    expect(ready.client.mapMsi(ready.container, 1, 0x2040_0000, 1)).toBe(0);
    expect(secondaryWords(ready.driver, 128).slice(2, 10)).toBe("0010000B");
    expect(raise(ready, 0x2040_0140n, 7)).toEqual([]);
    expect(ready.driver.takeViolations().map(({ status }) => status)).toEqual([0x0010_0019]);
  });

  test("strict: flags READ", () => {
    const { client, container } = dividedPamu({ mode: "strict" });
    expect(client.mapMsi(container, 1, 0x2040_0000, 1)).toBe(EINVAL);
    expect(client.mapMsi(container, 1, 0x2040_0000, 7)).toBe(EINVAL);
    expect(client.mapMsi(container, 1, 0x2040_0000, 2)).toBe(0);
  });

  test.each([
    ["sdk-compat", 0],
    ["strict", ENODEV],
  ] as const)("%s: bank 3 on P4080", (mode, answer) => {
    const ready = dividedPamu({ mode });
    const before = tableBytes(ready);
    expect(ready.client.mapMsi(ready.container, 3, 0x2040_0000)).toBe(answer);
    expect(tableBytes(ready)).toBe(before);
  });

  test("sdk-compat: 0x20400140 maps window 129, and only that address unmaps it", () => {
    const { client, container, driver } = dividedPamu({ mode: "sdk-compat" });
    const isValid = (): boolean => (driver.tables.secondary.word(128, 1) & 1) === 1;
    expect(client.mapMsi(container, 1, 0x2040_0140)).toBe(0);
    expect(isValid()).toBe(true);
    expect(client.unmapMsi(container, 0x2040_0000)).toBe(0);
    expect(isValid()).toBe(true);
    expect(client.unmapMsi(container, 0x2040_0140)).toBe(0);
    expect(isValid()).toBe(false);
  });

  test("strict: 0x20400140", () => {
    const { client, container } = dividedPamu({ mode: "strict" });
    expect(client.mapMsi(container, 1, 0x2040_0140)).toBe(EINVAL);
  });
});

describe("section 3.8: strict", () => {
  test("a window or a bank that is taken, an address outside, an unknown one", () => {
    const ready = dividedPamu({ mode: "strict" });
    const { client, container } = ready;
    run(ready);
    expect(client.mapMsi(container, 0, 0)).toBe(EBUSY);
    expect(client.mapMsi(container, 0, GIB)).toBe(EINVAL);
    expect(client.mapMsi(container, 0, 0x2000_0000)).toBe(0);
    expect(client.mapMsi(container, 1, 0x2000_0000)).toBe(EBUSY);
    expect(client.mapMsi(container, 0, 0x2040_0000)).toBe(EBUSY);
    expect(client.unmapMsi(container, 0x2040_0000)).toBe(EINVAL);
    expect(client.unmapMsi(container, 0)).toBe(EINVAL);
    expect(client.unmapMsi(container, 0x2000_0000, 1)).toBe(EINVAL);
    expect(client.unmapMsi(container, 0x2000_0000)).toBe(0);
  });

  test("before WINDOWS", () => {
    const { client, container } = openedPamu({ mode: "strict" });
    expect(client.mapMsi(container, 0, 0)).toBe(ENODEV);
    expect(client.unmapMsi(container, 0)).toBe(EINVAL);
  });

  test("quirk 11: the only window is no place for an MSI bank", () => {
    const { client, container } = dividedPamu({ mode: "strict" }, { windows: 1 });
    expect(client.mapMsi(container, 0, 0)).toBe(EINVAL);
  });
});

describe("section 2.3 and 3.6: sdk-compat", () => {
  test("quirk 11: an MSI bank in the only window shrinks the aperture to 4 KiB", () => {
    const { client, container, driver } = dividedPamu({ mode: "sdk-compat" }, { windows: 1 });
    expect(client.mapMsi(container, 0, 0)).toBe(0);
    expect(driver.tables.primary.word(LIODN, 1)).toBe(0x0000_02d8);
  });

  test("MAP_MSI before WINDOWS divides by zero: the run stops", () => {
    const { client, container } = openedPamu({ mode: "sdk-compat" });
    expect(() => client.mapMsi(container, 0, 0)).toThrow(SimulatedCrash);
  });

  test("quirk 7: MSI of a device with a geometry and no windows follows a null array", () => {
    const ready = openedPamu({ mode: "sdk-compat" });
    const device = openDevice(ready);
    const event = ready.client.port.eventFd();
    expect(enableMsi(ready.client, device, event)).toBe(ENODEV);
    ready.client.setGeometry(ready.container, 0, GIB - 1);
    expect(() => enableMsi(ready.client, device, event)).toThrow(SimulatedCrash);
  });
});

function openDevice({ client, group }: PamuReady): number {
  const name = Uint8Array.from(`${DEVICE}\0`, (char) => char.charCodeAt(0));
  const fd = client.ioctl(group, 6, name);
  // Memory space and bus mastering: COMMAND is little-endian everywhere.
  client.port.writeAt(fd, Uint8Array.of(6, 0), (7n << 40n) + 4n);
  return fd;
}

/** SET_IRQS: one eventfd for message 0. */
function enableMsi(client: PamuClient, device: number, event: number): number {
  return client.ioctl(device, 10, words(24, 0x24, 1, 0, 1, event));
}

/** The address in the function's own MSI capability; what the user reads there is emulated. */
function messageAddress({ host }: PamuReady): bigint {
  const [device] = host.kernel.drivers.devices;
  const bytes = Uint8Array.from(
    { length: 8 },
    (_, at) => device?.function.readConfig(0x44 + at) ?? 0,
  );
  return new DataView(bytes.buffer).getBigUint64(0, true);
}

/** The edu's interrupt raise register, which is big-endian here. */
function raiseEdu(client: PamuClient, device: number): void {
  client.port.writeAt(device, words(1), 0x60n);
}
