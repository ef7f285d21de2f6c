import { describe, expect, test } from "vitest";
import { type ByteSize, bytes, hostAddress, type Iova, iova } from "../address/address.ts";
import type { DmaWindow } from "../contract/dma-window.ts";
import { isIommuError } from "../errors/base.ts";
import { MemoryTable } from "../memory/memory-table.ts";
import { Ledger } from "./ledger.ts";

const PAGE = 4096n;
const HOST = hostAddress(0x7f00_0000_0000n);

function window(start: bigint, last: bigint, extra: Partial<DmaWindow> = {}): DmaWindow {
  return {
    kind: "fixed",
    start: iova(start),
    last: iova(last),
    pageSize: 4096,
    hardwarePageSizes: PAGE,
    ...extra,
  };
}

const X86 = [window(0n, 0xfedf_ffffn), window(0xfef0_0000n, 0x7f_ffff_ffffn)];

function ledger(
  windows: readonly DmaWindow[] = X86,
  options: { limit?: number; register?: boolean; writeOnly?: string } = {},
): Ledger {
  const made = new Ledger({
    memory: new MemoryTable(),
    needsRegistration: options.register ?? false,
    writeOnlyRefused: () => options.writeOnly,
    mappingLimit: options.limit,
  });
  made.setWindows(windows);
  return made;
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    return isIommuError(error) ? error.code : String(error);
  }
  return undefined;
}

function admit(made: Ledger, at: bigint, size: bigint, host: bigint = HOST): string | undefined {
  return codeOf(() => made.admit(at as Iova, hostAddress(host), size as ByteSize, "read-write"));
}

describe("rule DW3: what the ledger refuses before any call", () => {
  test.each<[string, bigint, bigint, string | undefined]>([
    ["a page at 0", 0n, PAGE, undefined],
    ["the last page below the MSI window", 0xfedf_f000n, PAGE, undefined],
    ["the first page above it", 0xfef0_0000n, PAGE, undefined],
    ["the last page of the aperture", 0x7f_ffff_f000n, PAGE, undefined],
    ["zero bytes", 0x1000n, 0n, "zero-size"],
    ["half a page", 0x1000n, 0x800n, "misaligned"],
    ["an odd IOVA", 0x1001n, PAGE, "misaligned"],
    ["into the MSI window", 0xfedf_f000n, 2n * PAGE, "outside-window"],
    ["inside the MSI window", 0xfee0_0000n, PAGE, "outside-window"],
    ["over both windows", 0n, 0x7f_ffff_f000n, "outside-window"],
    ["one page past the aperture", 0x80_0000_0000n, PAGE, "outside-window"],
    ["a size that wraps", 0x1000n, 2n ** 64n - PAGE, "outside-window"],
    ["a negative IOVA", -4096n, PAGE, "invalid-address"],
    ["an IOVA of 65 bits", 2n ** 64n, PAGE, "invalid-address"],
    ["a size of 65 bits", 0n, 2n ** 64n, "invalid-address"],
  ])("%s", (_, at, size, code) => {
    expect(admit(ledger(), at, size)).toBe(code);
  });

  test("host memory: misaligned, and over the end of 64 bits", () => {
    expect(admit(ledger(), 0n, PAGE, HOST + 1n)).toBe("misaligned");
    expect(admit(ledger(), 0n, 2n * PAGE, 2n ** 64n - PAGE)).toBe("invalid-address");
    expect(admit(ledger(), 0n, PAGE, 2n ** 64n - PAGE)).toBeUndefined();
  });

  test("an access that is none, and a value of another type", () => {
    const wrong = (access: unknown, at: unknown): string | undefined =>
      codeOf(() => Reflect.apply(Ledger.prototype.admit, ledger(), [at, HOST, PAGE, access]));
    expect(wrong("rw", 0n)).toBe("invalid-argument");
    expect(wrong("toString", 0n)).toBe("invalid-argument");
    expect(wrong(["write"], 0n)).toBe("invalid-argument");
    expect(wrong(["read"], 0n)).toBe("invalid-argument");
    expect(wrong("read", 0)).toBe("invalid-address");
    expect(wrong("read", "0")).toBe("invalid-address");
    expect(wrong("read", undefined)).toBe("invalid-address");
  });

  test.each<[string, bigint, bigint, string | undefined]>([
    ["the same range", 0x10000n, 4n * PAGE, "already-mapped"],
    ["its first page", 0x10000n, PAGE, "already-mapped"],
    ["its last page", 0x13000n, PAGE, "already-mapped"],
    ["around it", 0xf000n, 6n * PAGE, "already-mapped"],
    ["up to it", 0xf000n, PAGE, undefined],
    ["right behind it", 0x14000n, PAGE, undefined],
  ])("overlap: %s", (_, at, size, code) => {
    const made = ledger();
    made.add(iova(0x10000n), HOST, bytes(4n * PAGE), "read");
    expect(admit(made, at, size)).toBe(code);
  });

  test("the kernel's limit of mappings, reached and given back", () => {
    const made = ledger(X86, { limit: 2 });
    made.add(iova(0n), HOST, bytes(PAGE), "read");
    made.add(iova(PAGE), HOST, bytes(PAGE), "read");
    expect(admit(made, 2n * PAGE, PAGE)).toBe("mapping-limit");
    made.removeAll(made.admitUnmap(iova(0n), bytes(PAGE)));
    expect(admit(made, 2n * PAGE, PAGE)).toBeUndefined();
  });

  test("registration, where the backend needs it: whole, in part, not at all", () => {
    const made = ledger(X86, { register: true });
    const frame = Number(HOST >> 12n);
    expect(admit(made, 0n, PAGE)).toBe("memory-not-registered");
    made.registrations.add(frame, frame + 2);
    expect(admit(made, 0n, 2n * PAGE)).toBeUndefined();
    expect(admit(made, 0n, 3n * PAGE)).toBe("memory-not-registered");
    expect(admit(made, 0n, PAGE, HOST - PAGE)).toBe("memory-not-registered");
    made.registrations.add(frame + 2, frame + 3);
    expect(admit(made, 0n, 3n * PAGE)).toBeUndefined();
  });

  test("write-only, where the device could read all the same", () => {
    const map = (made: Ledger, access: "write" | "read-write"): string | undefined =>
      codeOf(() => made.admit(iova(0n), HOST, bytes(PAGE), access));
    const leaky = ledger(X86, { writeOnly: "tables of this kind" });
    expect(map(leaky, "write")).toBe("not-offered");
    expect(map(leaky, "read-write")).toBeUndefined();
    expect(map(ledger(), "write")).toBeUndefined();
  });

  test("a window of 64 KiB pages, and one of subwindows", () => {
    const wide = ledger([window(0n, 0xfff_ffffn, { pageSize: 65536 })]);
    expect(admit(wide, 0x10000n, 0x10000n)).toBeUndefined();
    expect(admit(wide, 0x1000n, 0x10000n)).toBe("misaligned");
    expect(admit(wide, 0x10000n, PAGE)).toBe("misaligned");
    const cut = ledger([
      window(0n, 0xfff_ffffn, { kind: "subdivided", subwindowSize: bytes(0x100000n) }),
    ]);
    expect(admit(cut, 0x100000n, 0x100000n)).toBeUndefined();
    expect(admit(cut, 0x1000n, PAGE)).toBe("misaligned");
  });
});

describe("rule DW5: unmap removes mappings whole", () => {
  function two(): Ledger {
    const made = ledger();
    made.add(iova(0x10000n), HOST, bytes(4n * PAGE), "read");
    made.add(iova(0x20000n), hostAddress(HOST + 0x10000n), bytes(PAGE), "write");
    return made;
  }
  test.each<[string, bigint, bigint, string | undefined]>([
    ["one mapping", 0x10000n, 4n * PAGE, undefined],
    ["both and the hole between", 0xf000n, 0x12000n, undefined],
    ["its first page", 0x10000n, PAGE, "splits-mapping"],
    ["its middle", 0x11000n, PAGE, "splits-mapping"],
    ["its end and more", 0x12000n, 8n * PAGE, "splits-mapping"],
    ["one whole and one cut", 0x12000n, 0xf000n, "splits-mapping"],
    ["a hole", 0x30000n, PAGE, "not-mapped"],
    ["zero bytes", 0x10000n, 0n, "zero-size"],
    ["half a page", 0x10000n, 0x800n, "misaligned"],
    ["outside", 0xfee0_0000n, PAGE, "outside-window"],
    ["a wrapping size", 0x1000n, 2n ** 64n - PAGE, "outside-window"],
  ])("%s", (_, at, size, code) => {
    const made = two();
    expect(codeOf(() => made.removeAll(made.admitUnmap(iova(at), bytes(size))))).toBe(code);
    const left = size > 0x10000n ? 0 : 1;
    expect(made.mappings().length).toBe(code === undefined ? left : 2);
  });
});

describe("rule DW7: where mapAnywhere places", () => {
  test("the lowest range, over the MSI window, under a 32-bit limit", () => {
    const made = ledger();
    made.add(iova(0n), HOST, bytes(0xfede_f000n), "read");
    expect(made.findFree(bytes(PAGE), undefined, undefined)).toBe(0xfede_f000n);
    expect(made.findFree(bytes(0x20000n), undefined, undefined)).toBe(0xfef0_0000n);
    expect(made.findFree(bytes(0x20000n), undefined, iova(0xffff_ffffn))).toBe(0xfef0_0000n);
    expect(made.findFree(bytes(0x200_0000n), undefined, iova(0xffff_ffffn))).toBeUndefined();
    expect(made.findFree(bytes(PAGE), 1n << 32n, undefined)).toBe(1n << 32n);
    expect(made.findFree(bytes(PAGE), undefined, iova(0xfffn))).toBeUndefined();
  });
  test("a window that ends with the 64-bit space", () => {
    const made = ledger([window(2n ** 64n - 0x4000n, 2n ** 64n - 1n)]);
    expect(made.findFree(bytes(0x4000n), undefined, undefined)).toBe(2n ** 64n - 0x4000n);
    expect(made.findFree(bytes(0x5000n), undefined, undefined)).toBeUndefined();
    expect(admit(made, 2n ** 64n - PAGE, PAGE)).toBeUndefined();
    expect(admit(made, 2n ** 64n - PAGE, 2n * PAGE)).toBe("outside-window");
  });
});
