// The driver model with several windows, case by case (pamu.md 5, D): the vendor's and the strict domain.

import { describe, expect, test } from "vitest";
import { SimulatedCrash } from "../../simulated-crash.ts";
import { dividedPamu, openedPamu, primaryWords, secondaryWords } from "../../testing/pamu-ready.ts";
import { PamuDomain } from "./domain.ts";
import type { PamuDriver, PamuMode } from "./driver.ts";
import { MainlineDomain } from "./mainline-domain.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const BOTH = { read: true, write: true };
const EBUSY = -16;
const ENODEV = -19;
const EINVAL = -22;
const ENOSPC = -28;
/** A LIODN that no device of the machine has. */
const LIODN = 0x77;

const MODES = ["sdk-compat", "strict"] as const;

function driverOf(mode: PamuMode): PamuDriver {
  return openedPamu({ mode }).driver;
}

/** A domain of one LIODN with an aperture. */
function divided(mode: PamuMode, size: number, windows: number, liodns = [LIODN]) {
  const driver = driverOf(mode);
  const domain = driver.newDomain();
  for (const liodn of liodns) expect(domain.attach(liodn)).toBe(0);
  expect(domain.setGeometry({ start: 0, end: size - 1 })).toBe(0);
  expect(domain.setWindows(windows)).toBe(0);
  return { driver, domain };
}

describe.each(MODES)("%s", (mode) => {
  test("case 46: SET GEOMETRY", () => {
    const domain = driverOf(mode).newDomain();
    expect(domain.setGeometry({ start: 0, end: 0x3fff_ffff })).toBe(0);
    expect(domain.setGeometry({ start: 0, end: 0x2fff_ffff })).toBe(EINVAL);
    expect(domain.setGeometry({ start: 0x2000_0000, end: 0x5fff_ffff })).toBe(EINVAL);
    expect(domain.setGeometry({ start: 0, end: 0x7ff })).toBe(EINVAL);
    expect(domain.geometry).toEqual({ start: 0, end: 0x3fff_ffff });
    expect(domain.setGeometry({ start: 0x4000_0000, end: 0x7fff_ffff })).toBe(0);
    expect(domain.setGeometry({ start: 0, end: 0xfff }, "not-forced")).toBe(EINVAL);
    domain.attach(LIODN);
    domain.setWindows(2);
    domain.enableWindow(0, { pa: 0x4000_0000, size: 512 * MIB, prot: BOTH });
    expect(domain.setEnabled(true)).toBe(0);
    expect(domain.setGeometry({ start: 0, end: 0x3fff_ffff })).toBe(EBUSY);
  });

  test("case 47: SET WINDOWS", () => {
    const driver = driverOf(mode);
    const domain = driver.newDomain();
    domain.attach(LIODN);
    expect(domain.setWindows(256)).toBe(EINVAL);
    domain.setGeometry({ start: 0, end: GIB - 1 });
    for (const count of [3, 512, 0]) expect(domain.setWindows(count), `${count}`).toBe(EINVAL);
    for (const count of [1, 2, 256]) expect(domain.setWindows(count), `${count}`).toBe(0);
    domain.enableWindow(0, { pa: 0, size: 4 * MIB, prot: BOTH });
    domain.setEnabled(true);
    expect(domain.setWindows(2)).toBe(EBUSY);
    expect(domain.count).toBe(256);
  });

  test("case 48: GET WINDOWS is the most there can be until the first SET", () => {
    const domain = driverOf(mode).newDomain();
    expect(domain.count).toBe(256);
    domain.setGeometry({ start: 0, end: GIB - 1 });
    domain.setWindows(64);
    expect(domain.count).toBe(64);
  });

  test("case 49: window enable", () => {
    const { domain } = divided(mode, GIB, 256);
    const target = { pa: 0x8000_0000, size: 4 * MIB, prot: BOTH };
    expect(driverOf(mode).newDomain().enableWindow(0, target)).toBe(ENODEV);
    expect(domain.enableWindow(256, target)).toBe(EINVAL);
    expect(domain.enableWindow(7, { ...target, size: 8 * MIB })).toBe(EINVAL);
    expect(domain.enableWindow(7, target)).toBe(0);
    expect(domain.enableWindow(7, target)).toBe(EBUSY);
    expect(domain.enableWindow(8, { ...target, size: 3 * MIB })).toBe(EINVAL);
    const alone = divided(mode, GIB, 256, []).domain;
    const withoutDevice = alone.enableWindow(8, { ...target, size: 3 * MIB });
    expect(withoutDevice).toBe(mode === "strict" ? EINVAL : 0);
  });

  test("case 51: one window, enabled: map again, then off", () => {
    const { driver, domain } = divided(mode, GIB, 1);
    const target = { pa: 0x8000_0000, size: GIB, prot: BOTH };
    expect(domain.enableWindow(0, target)).toBe(0);
    expect(domain.setEnabled(true)).toBe(0);
    expect(domain.enableWindow(0, target)).toBe(EBUSY);
    domain.disableWindow(0);
    expect([driver.tables.isValid(LIODN), domain.enabled]).toEqual([false, false]);
  });

  test("case 52: ENABLE with nothing mapped, with an MSI bank alone", () => {
    const { driver, domain } = divided(mode, GIB, 256);
    expect(domain.setEnabled(true)).toBe(ENODEV);
    expect(domain.enableWindow(128, { pa: 0xf_fe04_4140, size: 4096, prot: BOTH })).toBe(0);
    expect([domain.setEnabled(true), driver.tables.isValid(LIODN)]).toEqual([0, true]);
  });

  test("case 53: windows of 256 bytes", () => {
    const driver = driverOf(mode);
    const alone = driver.newDomain();
    alone.setGeometry({ start: 0, end: 0xffff });
    expect(alone.setWindows(256)).toBe(mode === "strict" ? EINVAL : 0);
    const domain = driver.newDomain();
    domain.attach(LIODN);
    domain.setGeometry({ start: 0, end: 0xffff });
    expect(domain.setWindows(256)).toBe(EINVAL);
  });

  test("case 54: a LIODN that the table has no entry for", () => {
    const driver = driverOf(mode);
    expect(driver.newDomain().attach(0x500)).toBe(EINVAL);
    expect(driver.newDomain().attach(-1)).toBe(EINVAL);
    expect(driver.newDomain().attach(0x4ff)).toBe(0);
  });

  test("case 55: a second LIODN of a running domain", () => {
    const { driver, domain } = divided(mode, GIB, 256);
    domain.enableWindow(3, { pa: 0x8000_0000, size: 4 * MIB, prot: BOTH });
    domain.setEnabled(true);
    expect(domain.attach(0x78)).toBe(0);
    expect(driver.tables.isValid(0x78)).toBe(mode === "strict");
    expect(driver.tables.primary.word(0x78, 6)).toBe(255);
    expect(secondaryWords(driver, 255 + 2)).toBe("0 0078001B 00000080 00000004 0 80000540 0 0");
    domain.setEnabled(true);
    expect(driver.tables.isValid(0x78)).toBe(true);
  });

  test("case 56: detach gives the secondary entries back", () => {
    const { driver, domain } = divided(mode, GIB, 256);
    domain.enableWindow(0, { pa: 0, size: 4 * MIB, prot: BOTH });
    domain.setEnabled(true);
    expect(driver.tables.pool.inUse).toBe(255);
    domain.detach(LIODN);
    expect(driver.tables.pool.inUse).toBe(0);
    const isBoot = mode === "sdk-compat";
    expect(driver.tables.isValid(LIODN)).toBe(isBoot);
    expect(driver.tables.pool.allocate(255)).toBe(0);
  });

  test("case 58: SET WINDOWS nine times", () => {
    const { domain, driver } = divided(mode, GIB, 256);
    const answers = Array.from({ length: 8 }, () => domain.setWindows(256));
    const last = mode === "strict" ? 0 : EINVAL;
    expect(answers).toEqual([0, 0, 0, 0, 0, 0, 0, last]);
    expect(driver.tables.pool.inUse).toBe(mode === "strict" ? 255 : 2040);
    domain.detach(LIODN);
    expect(driver.tables.pool.inUse).toBe(mode === "strict" ? 0 : 1785);
  });

  test("section 2.4: the secondary table holds eight apertures of 256 windows", () => {
    const driver = driverOf(mode);
    const attached = (liodn: number, windows: number) => {
      const domain = driver.newDomain();
      domain.attach(liodn);
      domain.setGeometry({ start: 0, end: GIB - 1 });
      return domain.setWindows(windows);
    };
    for (let nth = 0; nth < 8; nth++) {
      expect(attached(0x100 + nth, 256)).toBe(0);
      expect(driver.tables.primary.word(0x100 + nth, 6)).toBe(255 * nth);
    }
    const full = mode === "strict" ? ENOSPC : EINVAL;
    expect(attached(0x110, 256)).toBe(full);
    expect([attached(0x111, 8), driver.tables.primary.word(0x111, 6)]).toEqual([0, 2040]);
    expect([attached(0x112, 2), driver.tables.primary.word(0x112, 6)]).toEqual([0, 2047]);
    expect(attached(0x113, 2)).toBe(full);
  });

  test("case 59: iova_to_phys of fixture A", () => {
    const { domain } = divided(mode, GIB, 256);
    for (let window = 0; window < 128; window++)
      domain.enableWindow(window, {
        pa: 0x2_4000_0000 + window * 4 * MIB,
        size: 4 * MIB,
        prot: BOTH,
      });
    domain.enableWindow(128, { pa: 0xf_fe04_4140, size: 4096, prot: BOTH });
    expect(domain.iovaToPhys(0x40_0000)).toBe(0x2_4040_0000);
    expect(domain.iovaToPhys(0x2000_1000)).toBe(0xf_fe04_4140);
    expect(domain.iovaToPhys(0x2000_0140)).toBe(0xf_fe04_4280);
    expect(domain.iovaToPhys(0x20c0_0000)).toBe(0);
    expect(domain.iovaToPhys(0x4000_0000)).toBe(0);
  });

  test("case 61: STASH changes the cache id and nothing else", () => {
    const { client, container, driver } = dividedPamu({ mode, release: "sdk-1.6" });
    const before = entries(driver);
    expect(client.setStash(container, 3, 1)).toBe(0);
    expect(primaryWords(driver, 0x10)).toBe("0 00000760 00000080 00260074 0 00000540 0 0");
    for (let index = 0; index < 255; index++)
      expect(driver.tables.secondary.word(index, 3)).toBe(0x0026_0004);
    const withoutCid = entries(driver).map((word, at) => (at % 8 === 3 ? word & ~0xff_0000 : word));
    expect(withoutCid).toEqual(before);
  });
});

test("case 50: one window, the aperture shrinks to what is mapped (sdk-compat)", () => {
  const { client, container, driver, host } = dividedPamu(
    { mode: "sdk-compat", memoryLayout: "contiguous" },
    { windows: 1 },
  );
  const [domain] = [...driver.domains];
  expect(domain?.enableWindow(0, { pa: 0x8000_0000, size: 64 * MIB, prot: BOTH })).toBe(0);
  expect(domain?.setEnabled(true)).toBe(0);
  expect(primaryWords(driver, 0x10)).toBe("0 00000659 00000080 00000004 0 80000000 0 0");
  expect(host.dma("0000:00:02.0").read(0x400_0000n, new Uint8Array(1)).moved).toBe(0);
  expect(host.inspect.faults().map(({ code }) => code & 0x380)).toEqual([0x80]);
  expect(client.windows(container)).toBe(1);
});

test("case 50: strict wants the slot's own size", () => {
  const { domain } = divided("strict", GIB, 1);
  expect(domain.enableWindow(0, { pa: 0x8000_0000, size: 64 * MIB, prot: BOTH })).toBe(EINVAL);
  expect(domain.enableWindow(0, { pa: 0x8000_0000, size: GIB, prot: BOTH })).toBe(0);
});

test("section 2.3, quirk 9: ENABLE after a second SET WINDOWS succeeds with nothing valid", () => {
  const { domain, driver } = divided("sdk-compat", GIB, 256);
  domain.enableWindow(3, { pa: 0, size: 4 * MIB, prot: BOTH });
  expect(domain.setWindows(256)).toBe(0);
  expect([domain.setEnabled(true), driver.tables.isValid(LIODN)]).toEqual([0, true]);
});

test("section 2.3, quirk 7: iova_to_phys of a geometry without windows", () => {
  const domain = driverOf("sdk-compat").newDomain();
  expect(domain.iovaToPhys(0)).toBe(0);
  domain.setGeometry({ start: 0, end: GIB - 1 });
  expect(() => domain.iovaToPhys(0)).toThrow(SimulatedCrash);
});

describe("Linux 6.12", () => {
  const make = () => {
    const { driver } = openedPamu({ mode: "strict" });
    return { driver, domain: new MainlineDomain(driver.tables, driver.soc) };
  };

  test("case 54: a LIODN that the table has no entry for", () => {
    expect(make().domain.attach(0x500)).toBe(ENODEV);
    expect(make().domain.attach(-1)).toBe(ENODEV);
  });

  test("cases 5 and 60: the identity window, and blocked after detach", () => {
    const { driver, domain } = make();
    expect(domain.attach(LIODN)).toBe(0);
    expect(primaryWords(driver, LIODN)).toBe("0 000008D9 00000080 00000004 0 0 0 0");
    expect([domain.iovaToPhys(0x1234), domain.iovaToPhys(0x10_0000_0000)]).toEqual([0x1234, 0]);
    expect(domain.map()).toBe(ENODEV);
    domain.detach(LIODN);
    expect(driver.tables.isValid(LIODN)).toBe(false);
  });

  test("section 2.2: only the L1 stash can be chosen", () => {
    const { driver, domain } = make();
    domain.attach(LIODN);
    expect([domain.setL1Stash(3), domain.setL1Stash(99)]).toEqual([0, EINVAL]);
    expect(primaryWords(driver, LIODN)).toBe("0 000008D9 00000080 00260004 0 0 0 0");
  });
});

test("a domain's class is the mode's", () => {
  expect(driverOf("sdk-compat").newDomain().constructor).toBe(PamuDomain);
  expect(driverOf("strict").newDomain().constructor).not.toBe(PamuDomain);
});

/** Words 0 to 7 of LIODN 0x10's primary entry and of its 255 secondary ones. */
function entries({ tables }: PamuDriver): readonly number[] {
  const words = [0, 1, 2, 3, 4, 5, 6, 7];
  return [
    ...words.map((word) => tables.primary.word(0x10, word)),
    ...Array.from({ length: 255 }, (_, index) =>
      words.map((word) => tables.secondary.word(index, word)),
    ).flat(),
  ];
}
