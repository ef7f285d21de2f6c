import { describe, expect, test } from "vitest";
import { boundedLog, kernelTroubles } from "./console.ts";

describe("kernelTroubles", () => {
  test("default: a healthy boot has none", () => {
    const log = "[    1.5] amd_pstate: not present\n[    4.9] reboot: Power down\ndebug: fine";
    expect(kernelTroubles(log)).toEqual([]);
  });

  test.each([
    ["panic", "[    3.855933] Kernel panic - not syncing: sysrq triggered crash"],
    ["oops", "[    9.1] Oops: 0002 [#1] PREEMPT SMP NOPTI"],
    ["oops", "[    9.1] Oops: general protection fault, probably for non-canonical address"],
    ["oops", "[    9.1] Oops: Kernel access of bad area, sig: 11 [#1]"],
    ["bug", "[    9.1] BUG: kernel NULL pointer dereference, address: 0000000000000008"],
    ["bug", "[    9.1] kernel BUG at drivers/vfio/vfio_iommu_type1.c:100!"],
    ["warning", "[    9.1] WARNING: CPU: 0 PID: 1 at drivers/iommu/iommu.c:2440 x+0x1/0x2"],
    ["warning", "[    9.1] WARNING: possible circular locking dependency detected"],
    ["stall", "[  242.1] INFO: task node:12 blocked for more than 120 seconds."],
    ["stall", "[   60.1] watchdog: BUG soft lockup - CPU#0 stuck for 22s!"],
  ])("behavior: %s in %j", (kind, line) => {
    const found = kernelTroubles(`before\n${line}\nafter`);
    expect(found).toHaveLength(1);
    expect(found[0]?.line).toBe(line);
    expect(kind === "bug" ? ["bug", "oops"] : [kind]).toContain(found[0]?.kind);
  });
});

describe("boundedLog", () => {
  test("default", () => {
    const log = boundedLog();
    for (const line of ["a", "b", "c"]) log.add(line);
    expect(log.text()).toBe("a\nb\nc");
    expect(log.last(2)).toEqual(["b", "c"]);
  });

  test("behavior: an endless stream keeps its start and its end, and says what is missing", () => {
    const log = boundedLog(10);
    for (let i = 0; i < 1000; i += 1) log.add(String(i));
    const lines = log.text().split("\n");
    expect(lines.slice(0, 5)).toEqual(["0", "1", "2", "3", "4"]);
    expect(lines.at(-1)).toBe("999");
    expect(lines.length).toBeLessThanOrEqual(16);
    const [, dropped] = /^\[(\d+) lines dropped\]$/.exec(lines[5] ?? "") ?? [];
    expect(Number(dropped) + lines.length - 1).toBe(1000);
  });
});
