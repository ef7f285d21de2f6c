// The QorIQ machines: two ABIs, four devices, and what their firmware and kernels set up.

import { describe, expect, test } from "vitest";
import { MIB, PamuClient, words } from "../kernel/testing/pamu-client.ts";
import { dividedPamu, driverOf } from "../kernel/testing/pamu-ready.ts";
import { hardwareOf, PAMU_EXTENSIONS, pamu } from "./pamu.ts";
import { simulatedHost } from "./simulated-host.ts";

describe.each([
  ["p4080", "ppc32", 32, 5, 3],
  ["t4240", "ppc64", 64, 6, 4],
] as const)("%s", (soc, arch, wordBits, pamus, banks) => {
  const host = simulatedHost(pamu({ soc }));

  test("ABI: big-endian, powerpc numbers", () => {
    const { abi } = host.port;
    expect(abi).toMatchObject({ arch, wordBits, byteOrder: "big", ioctlEncoding: "powerpc" });
    expect(host.target).toBe("sim/pamu");
  });

  test("addresses fit the word", () => {
    const memory = new PamuClient(host.port).memory(16 * MIB, 4 * MIB);
    const top = wordBits === 32 ? 0xc000_0000n : 1n << 47n;
    expect(memory.address + 16n * BigInt(MIB)).toBeLessThanOrEqual(top);
    expect(memory.address % BigInt(4 * MIB)).toBe(0n);
  });

  test("section 1.1: PAMUs, banks, and the LIODN of each group's controller", () => {
    const driver = driverOf(host);
    const hardware = hardwareOf(driver);
    expect([hardware.pamus.length, driver.soc.msiBanks.length]).toEqual([pamus, banks]);
    expect(hardware.guts.liodns.slice(0, 3)).toEqual([0x10, 0x20, 0x30]);
    expect(host.devices.map(({ address, group }) => [address, group])).toEqual([
      ["0000:00:02.0", 2],
      ["0000:00:03.0", 3],
      ["0000:00:04.0", 4],
      ["0000:00:04.1", 4],
    ]);
    // What the kernel reads in the SoC's registers and tables is what the hardware has.
    expect(driver.soc.msiBanks.map(({ alias }) => alias)).toEqual(hardware.soc.msiirAliases);
  });

  test("the edu's registers are big-endian", () => {
    const client = new PamuClient(host.port);
    const container = client.openContainer();
    const group = client.openGroup(2);
    client.setContainer(group, container);
    client.setIommu(container, PAMU_EXTENSIONS["sdk-2.0"]);
    const name = Uint8Array.from("0000:00:02.0\0", (char) => char.charCodeAt(0));
    const device = client.ioctl(group, 6, name);
    client.port.writeAt(device, Uint8Array.of(6, 0), (7n << 40n) + 4n);
    const id = new Uint8Array(4);
    client.port.readAt(device, id, 0n);
    expect(id).toEqual(words(0x0100_00ed));
  });
});

test("revision 1 of the P4080 has 16 windows", () => {
  expect(driverOf(simulatedHost(pamu({ soc: "p4080", windows: 16 }))).mostWindows).toBe(16);
  expect(driverOf(simulatedHost(pamu({ soc: "p4080" }))).mostWindows).toBe(256);
});

test("the same machine gives the same tables and answers", () => {
  const run = (): readonly unknown[] => {
    const { client, container, driver } = dividedPamu({ mode: "sdk-compat", seed: 9 });
    const memory = client.memory(16 * MIB, 4 * MIB);
    client.map(container, { vaddr: memory.address, iova: 0, size: 16 * MIB });
    client.setStash(container, 1, 1);
    const read = [0, 1, 3, 4, 5].map((word) => driver.tables.primary.word(0x10, word));
    return [memory.address, ...read];
  };
  expect(run()).toEqual(run());
});
