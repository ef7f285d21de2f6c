// Windows whose parts need contiguous memory, and processes whose addresses have 32 bits.

import { describe, expect, test } from "vitest";
import { scriptedEngine, scriptedSession, WINDOW } from "../../test/scripted-engine.ts";
import { bytes, hostAddress, hostPlus, iova } from "../address/address.ts";
import { MiB } from "../address/units.ts";
import type { DmaWindow } from "../contract/dma-window.ts";
import { MemoryTable } from "../memory/memory-table.ts";
import { Ledger } from "./ledger.ts";

const PART = bytes(4 * MiB);
const SUBDIVIDED: DmaWindow = {
  ...WINDOW,
  kind: "subdivided",
  pageSize: 4 * MiB,
  subwindowSize: PART,
  hostContiguity: PART,
};
const HOST = hostAddress(0x4000_0000n);

function ledger(memory: MemoryTable, windows: readonly DmaWindow[] = [SUBDIVIDED]): Ledger {
  const made = new Ledger({
    memory,
    needsRegistration: false,
    writeOnlyRefused: () => undefined,
    mappingLimit: undefined,
  });
  made.setWindows(windows);
  return made;
}

/** Memory of `parts` parts at HOST, backed by pages of each of these sizes in turn. */
function allocated(...pageSizes: readonly (number | undefined)[]): MemoryTable {
  const table = new MemoryTable();
  for (const [index, pageSize] of pageSizes.entries())
    table.add(0x4_0000 + index * 1024, 0x4_0000 + (index + 1) * 1024, pageSize);
  return table;
}

describe("rule DW15: memory that must be contiguous", () => {
  test.each<[string, readonly (number | undefined)[], boolean]>([
    ["pages of the part's size", [4 * MiB], true],
    ["larger pages", [16 * MiB], true],
    ["two neighbours, both large enough", [4 * MiB, 16 * MiB], true],
    ["smaller pages", [4096], false],
    ["a smaller neighbour", [16 * MiB, 1 * MiB], false],
    ["pages nobody told of", [4 * MiB, undefined], false],
    ["memory of somebody else", [], false],
  ])("%s", (_, pageSizes, taken) => {
    const size = bytes(Math.max(1, pageSizes.length) * 4 * MiB);
    const admit = (): void => ledger(allocated(...pageSizes)).admit(iova(0), HOST, size, "read");
    if (taken) expect(admit).not.toThrow();
    else expect(admit).toThrow(expect.objectContaining({ code: "memory-fault" }));
  });

  test("a hole in what is known is not known", () => {
    const table = allocated(4 * MiB);
    table.add(0x4_0800, 0x4_0c00, 4 * MiB);
    const map = (): void => ledger(table).admit(iova(0), HOST, bytes(12 * MiB), "read");
    expect(map).toThrow(expect.objectContaining({ hint: expect.stringMatching(/register\(/) }));
  });

  test("a window that does not ask takes any memory", () => {
    const made = ledger(new MemoryTable(), [WINDOW]);
    expect(() => made.admit(iova(0), HOST, PART, "read")).not.toThrow();
  });
});

describe("rule ME10: the caller's word for foreign memory", () => {
  function engine(): ReturnType<typeof scriptedEngine> {
    return scriptedEngine(scriptedSession({ readWindows: () => [SUBDIVIDED] }));
  }

  test("registered with its page size it is taken, for as long as it is registered", () => {
    const { dma, memory } = engine();
    const map = (): void => dma.map(iova(0), HOST, PART, "read");
    expect(map).toThrow(expect.objectContaining({ code: "memory-fault" }));
    const registration = memory.register(HOST, PART, { pageSize: 4 * MiB });
    map();
    dma.unmap(iova(0), PART);
    registration.close();
    expect(map).toThrow(expect.objectContaining({ code: "memory-fault" }));
  });

  test("registered without a word, or with too small a page, it is not", () => {
    const { dma, memory } = engine();
    memory.register(HOST, PART);
    const other = hostPlus(HOST, PART);
    memory.register(other, PART, { pageSize: 1 * MiB });
    for (const host of [HOST, other])
      expect(() => dma.map(iova(0), host, PART, "read")).toThrow(
        expect.objectContaining({ code: "memory-fault" }),
      );
  });

  test.each([0, 3, -4096, Number.NaN, 4096.5])("a page of %s bytes is none", (pageSize) => {
    const { memory } = engine();
    expect(() => memory.register(HOST, PART, { pageSize })).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });
});

describe("rule DW3: a process of 32 bits", () => {
  function narrow(): Ledger {
    const made = new Ledger({
      memory: new MemoryTable(),
      needsRegistration: false,
      writeOnlyRefused: () => undefined,
      mappingLimit: undefined,
      hostBits: 32,
    });
    made.setWindows([WINDOW]);
    return made;
  }

  test.each<[string, bigint, bigint, boolean]>([
    ["its last page", 0xffff_f000n, 0x1000n, true],
    ["over its end", 0xffff_f000n, 0x2000n, false],
    ["behind its end", 0x1_0000_0000n, 0x1000n, false],
    // A kernel of 32 bits would cut it to 0x2000 and map that.
    ["an address whose low half is good", 0x1_0000_2000n, 0x1000n, false],
  ])("%s", (_, host, size, taken) => {
    const admit = (): void => narrow().admit(iova(0), hostAddress(host), bytes(size), "read-write");
    if (taken) expect(admit).not.toThrow();
    else
      expect(admit).toThrow(
        expect.objectContaining({
          code: "invalid-address",
          message: expect.stringContaining("leaves 32 bits"),
        }),
      );
  });
});
