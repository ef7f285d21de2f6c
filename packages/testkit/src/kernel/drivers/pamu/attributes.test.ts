// SET_ATTR's refusals: swallowed by the vendor's driver, told by the strict one (pamu.md 5, E).

import { describe, expect, test } from "vitest";
import { SimulatedCrash } from "../../simulated-crash.ts";
import { MIB } from "../../testing/pamu-client.ts";
import {
  DEVICE,
  dividedPamu,
  GIB,
  LIODN,
  openedPamu,
  primaryWords,
  tableBytes,
} from "../../testing/pamu-ready.ts";

const EBUSY = -16;
const ENODEV = -19;
const EINVAL = -22;
const ENOSPC = -28;

describe("case 68: a fresh container, SET GEOMETRY [0, 0x2fffffff]", () => {
  test("sdk-compat answers 0 and keeps the domain's own", () => {
    const { client, container } = openedPamu({ mode: "sdk-compat" });
    expect(client.setGeometry(container, 0, 0x2fff_ffff)).toBe(0);
    expect(client.geometry(container)).toEqual([0, 0xf_ffff_ffff]);
  });

  test("strict refuses", () => {
    const { client, container } = openedPamu({ mode: "strict" });
    expect(client.setGeometry(container, 0, 0x2fff_ffff)).toBe(EINVAL);
    expect(client.geometry(container)).toEqual([0, 0xf_ffff_ffff]);
  });
});

describe("case 68: attribute 3, and WINDOWS 512", () => {
  test("sdk-compat answers 0 and changes nothing", () => {
    const { client, container } = dividedPamu({ mode: "sdk-compat" });
    expect([client.setAttribute(container, 3), client.getAttribute(container, 3).rc]).toEqual([
      0, 0,
    ]);
    expect(client.setWindows(container, 512)).toBe(0);
    expect(client.windows(container)).toBe(256);
  });

  test("strict refuses", () => {
    const { client, container } = dividedPamu({ mode: "strict" });
    expect([client.setAttribute(container, 3), client.getAttribute(container, 3).rc]).toEqual([
      EINVAL,
      EINVAL,
    ]);
    expect(client.setWindows(container, 512)).toBe(EINVAL);
  });
});

describe("case 68: WINDOWS 3 after a geometry of 1 GiB", () => {
  test("sdk-compat answers 0, keeps 256, and reckons with 0x15555555 from then on", () => {
    const { client, container, driver } = openedPamu({ mode: "sdk-compat" });
    client.setGeometry(container, 0, GIB - 1);
    expect(client.setWindows(container, 3)).toBe(0);
    expect(client.windows(container)).toBe(256);
    // 0x2aaaaaaa is where the third window of 0x15555555 bytes begins: nothing refuses the alignment.
    client.setWindows(container, 256);
    client.setWindows(container, 3);
    expect(client.mapMsi(container, 0, 0x2aaa_aaaa)).toBe(0);
    expect(driver.tables.secondary.word(1, 1) & 1).toBe(1);
  });

  test("strict refuses", () => {
    const { client, container } = openedPamu({ mode: "strict" });
    client.setGeometry(container, 0, GIB - 1);
    expect(client.setWindows(container, 3)).toBe(EINVAL);
    expect(client.mapMsi(container, 0, 0)).toBe(ENODEV);
  });
});

describe("section 3.3: WINDOWS 0", () => {
  test("sdk-compat divides by it: the run stops", () => {
    const { client, container } = dividedPamu({ mode: "sdk-compat" });
    expect(() => client.setWindows(container, 0)).toThrow(SimulatedCrash);
  });

  test("strict refuses", () => {
    const { client, container } = dividedPamu({ mode: "strict" });
    expect([client.setWindows(container, 0), client.windows(container)]).toEqual([EINVAL, 256]);
  });
});

test("section 3.3: a refused geometry corrupts the vendor driver's arithmetic", () => {
  const { client, container } = dividedPamu({ mode: "sdk-compat" });
  expect(client.setGeometry(container, 0x1000, 0x2fff_ffff)).toBe(0);
  const memory = client.memory(4 * MIB, 4 * MIB);
  // The driver now counts windows from 0x1000, the domain from 0.
  expect(client.map(container, { vaddr: memory.address, iova: 0, size: 4 * MIB })).toBe(EINVAL);
  const odd = { vaddr: memory.address, iova: 0x1000, size: 4 * MIB };
  expect(client.map(container, odd)).toBe(0);
});

describe("section 3.8: strict", () => {
  const strict = { mode: "strict" } as const;

  test("GEOMETRY beyond 64 GiB, and while anything is mapped", () => {
    const { client, container } = dividedPamu(strict);
    expect(client.setGeometry(container, 0, 2 ** 37 - 1)).toBe(EINVAL);
    expect(client.setGeometry(container, 2 ** 36, 2 ** 37 - 1)).toBe(EINVAL);
    client.mapMsi(container, 0, 0);
    expect(client.setGeometry(container, 0, GIB - 1)).toBe(EBUSY);
    expect(client.setWindows(container, 16)).toBe(EBUSY);
    client.unmapMsi(container, 0);
    expect(client.setGeometry(container, 0, 2 * GIB - 1)).toBe(0);
  });

  test("a new GEOMETRY takes the windows away", () => {
    const { client, container } = dividedPamu(strict);
    client.setWindows(container, 16);
    expect(client.setGeometry(container, 0, 2 * GIB - 1)).toBe(0);
    expect(client.windows(container)).toBe(256);
    expect(client.mapMsi(container, 0, 0)).toBe(ENODEV);
    const memory = client.memory(4 * MIB, 4 * MIB);
    const request = { vaddr: memory.address, iova: 0, size: 4 * MIB };
    expect(client.map(container, request)).toBe(ENODEV);
  });

  test("reserved flags", () => {
    const { client, container } = dividedPamu(strict);
    expect(client.getAttribute(container, 0, 32, 1).rc).toBe(EINVAL);
    const bytes = new Uint8Array(32);
    new DataView(bytes.buffer).setUint32(0, 32);
    bytes[7] = 1;
    expect(client.ioctl(container, 16, bytes)).toBe(EINVAL);
  });

  test("no room for the windows: ENOSPC, and nothing changed", () => {
    const ready = dividedPamu(strict);
    const { client, container, driver } = ready;
    while (driver.tables.pool.allocate(100) !== undefined);
    const before = tableBytes(ready);
    expect(client.setGeometry(container, 0, GIB - 1)).toBe(0);
    expect(client.setWindows(container, 128)).toBe(0);
    expect(client.setWindows(container, 256)).toBe(0);
    expect(tableBytes(ready)).toBe(before);
    client.setWindows(container, 16);
    while (driver.tables.pool.allocate(10) !== undefined);
    const small = tableBytes(ready);
    expect(client.setWindows(container, 256)).toBe(ENOSPC);
    expect([tableBytes(ready), client.windows(container)]).toEqual([small, 16]);
  });

  test("STASH: without windows, a CPU or cache that is not there", () => {
    const { client, container } = openedPamu(strict);
    expect(client.setStash(container, 3, 1)).toBe(ENODEV);
    client.setGeometry(container, 0, GIB - 1);
    client.setWindows(container, 4);
    expect(client.setStash(container, 99, 1)).toBe(EINVAL);
    expect(client.setStash(container, 3, 9)).toBe(EINVAL);
    expect(client.stash(container)).toEqual([0, 0]);
    expect(client.setStash(container, 3, 2)).toBe(0);
    expect(client.stash(container)).toEqual([3, 2]);
  });
});

describe("STASH of the vendor's driver", () => {
  test("3.x keeps it for the domain, whatever windows there are", () => {
    const { client, container, driver } = openedPamu({ mode: "sdk-compat", release: "sdk-1.4" });
    expect(client.setStash(container, 3, 1)).toBe(0);
    client.setGeometry(container, 0, GIB - 1);
    client.setWindows(container, 4);
    expect(primaryWords(driver, LIODN)).toBe("0 00000760 00000080 00260014 0 000006C0 0 0");
    expect(driver.tables.secondary.word(2, 3)).toBe(0x0026_0004);
  });

  test("4.1 leaves the window to what lay on the stack: all, the first, or none", () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 12; seed++) {
      const ready = dividedPamu({ mode: "sdk-compat", seed }, { windows: 4 });
      expect(ready.client.setStash(ready.container, 3, 1)).toBe(0);
      expect(ready.client.stash(ready.container)).toEqual([3, 1]);
      const ids = [ready.driver.tables.primary.word(LIODN, 3) >>> 16];
      for (let entry = 0; entry < 3; entry++)
        ids.push(ready.driver.tables.secondary.word(entry, 3) >>> 16);
      seen.add(ids.join(" "));
    }
    expect(seen).toEqual(new Set(["0 0 0 0", "38 0 0 0", "38 38 38 38"]));
  });

  test("a CPU that is not there: answered 0, stored, without effect", () => {
    const { client, container, driver } = dividedPamu({ mode: "sdk-compat", release: "sdk-1.6" });
    expect(client.setStash(container, 99, 1)).toBe(0);
    expect(client.stash(container)).toEqual([99, 1]);
    expect(driver.tables.primary.word(LIODN, 3)).toBe(0x74);
  });
});

describe("section 2.3: what a device reaches before SET WINDOWS", () => {
  test("sdk-compat: everything, through the boot-time identity window", () => {
    const { host, driver, client, container } = openedPamu({ mode: "sdk-compat" });
    const memory = client.memory(4096);
    const page = host.process.memory.areaOf(Number(memory.address / 4096n));
    const run = page?.backing.pin(0, 1);
    const physical = BigInt(run?.frame ?? 0) * 4096n;
    expect(primaryWords(driver, LIODN)).toBe("0 000008D9 00000080 0 0 0 0 0");
    expect(host.dma(DEVICE).write(physical, Uint8Array.of(1)).moved).toBe(1);
    expect(memory.bytes[0]).toBe(1);
    client.setGeometry(container, 0, GIB - 1);
    client.setWindows(container, 256);
    expect(host.dma(DEVICE).write(physical, Uint8Array.of(2)).moved).toBe(0);
  });

  test("strict: nothing", () => {
    const { host, driver } = openedPamu({ mode: "strict" });
    expect(driver.tables.isValid(LIODN)).toBe(false);
    expect(host.dma(DEVICE).write(0x1_0000_0000n, Uint8Array.of(1)).moved).toBe(0);
  });

  test.each([
    ["sdk-1.4", false],
    ["sdk-2.0", true],
  ] as const)("%s: after its group left, a device has it again: %s", (release, identity) => {
    const { client, driver, group } = dividedPamu({ mode: "sdk-compat", release });
    client.port.close(group);
    expect(driver.tables.isValid(LIODN)).toBe(identity);
  });
});
