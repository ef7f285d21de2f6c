// What the vendor's driver does and no driver should: what it swallows, forgets, miscounts (pamu.md 2.3,
// 3.4, 3.5).

import { describe, expect, test } from "vitest";
import { SimulatedCrash } from "../../simulated-crash.ts";
import { MIB } from "../../testing/pamu-client.ts";
import {
  DEVICE,
  dividedPamu,
  LIODN,
  openedPamu,
  type PamuReady,
  tableBytes,
} from "../../testing/pamu-ready.ts";
import { SimulatedHang } from "../../vfio-core.ts";

const ENOMEM = -12;
const EBUSY = -16;
const EINVAL = -22;
const COMPAT = { mode: "sdk-compat" } as const;
const STRICT = { mode: "strict" } as const;
const WINDOW = 4 * MIB;

function compat(): PamuReady {
  return dividedPamu(COMPAT);
}

/** Memory of one huge page, mapped at an address. */
function map({ client, container }: PamuReady, iova: number, size: number): number {
  const memory = client.memory(size, 16 * MIB);
  return client.map(container, { vaddr: memory.address, iova, size });
}

describe("case 74: MAP_DMA of less than a window, and of one and a half", () => {
  test("sdk-compat: 2M at 0x30000000 is 0, maps nothing, and is in the list", () => {
    const ready = compat();
    const before = tableBytes(ready);
    expect(map(ready, 0x3000_0000, 2 * MIB)).toBe(0);
    expect(tableBytes(ready)).toBe(before);
    expect(ready.host.inspect.mappings()).toMatchObject([
      { iova: 0x3000_0000n, size: BigInt(2 * MIB), lockedPages: 0, pinnedPages: 0 },
    ]);
    expect(map(ready, 0x3000_0000, 2 * MIB)).toBe(EBUSY);
  });

  test("sdk-compat: 6M maps window 192 and leaves the tail to a violation", () => {
    const ready = compat();
    expect(map(ready, 0x3000_0000, 6 * MIB)).toBe(0);
    const device = ready.host.dma(DEVICE);
    expect(device.read(0x303f_ffffn, new Uint8Array(1)).moved).toBe(1);
    expect(device.read(0x3040_0000n, new Uint8Array(1)).moved).toBe(0);
    const [violation] = ready.driver.takeViolations();
    expect(violation).toMatchObject({ status: 0x0010_0181, address: 0x3040_0000, liodn: LIODN });
  });

  test.each([2, 6])("strict: %dM", (size) => {
    const ready = dividedPamu(STRICT);
    const before = tableBytes(ready);
    expect(map(ready, 0x3000_0000, size * MIB)).toBe(EINVAL);
    expect(tableBytes(ready)).toBe(before);
  });
});

describe("case 78: UNMAP of a part of a window", () => {
  test("sdk-compat would never end: the run stops", () => {
    const ready = compat();
    map(ready, 0, WINDOW);
    const before = tableBytes(ready);
    expect(() => ready.client.unmap(ready.container, 0, 2 * MIB)).toThrow(SimulatedHang);
    expect(tableBytes(ready)).toBe(before);
  });

  test("sdk-compat: nor would giving back what was mapped in part, even at close", () => {
    const ready = compat();
    map(ready, 0x3000_0000, 6 * MIB);
    const { client, container, group } = ready;
    expect(() => client.unmap(container, 0x3000_0000, 6 * MIB)).toThrow(SimulatedHang);
    expect(() => client.port.close(group)).toThrow(SimulatedHang);
  });

  test("strict refuses and changes nothing", () => {
    const ready = dividedPamu(STRICT);
    const { client, container } = ready;
    map(ready, 0, WINDOW);
    const before = tableBytes(ready);
    const odd = [
      [0, 2 * MIB],
      [2 * MIB, WINDOW],
      [0x1000, WINDOW],
      [0, 0],
      [0, 0x1001],
    ] as const;
    for (const [iova, size] of odd)
      expect(client.unmap(container, iova, size), `${iova} ${size}`).toBe(EINVAL);
    expect(tableBytes(ready)).toBe(before);
  });
});

describe("section 3.4: MAP_DMA that fails in the middle", () => {
  test("sdk-compat disables every window of the request, an MSI bank's too", () => {
    const ready = compat();
    const { client, container, driver } = ready;
    client.mapMsi(container, 0, 0x1080_0000);
    expect(driver.tables.secondary.word(65, 1) & 1).toBe(1);
    expect(map(ready, 0x1000_0000, 16 * MIB)).toBe(EBUSY);
    const left = [63, 64, 65, 66].map((entry) => driver.tables.secondary.word(entry, 1) & 1);
    expect(left).toEqual([0, 0, 0, 0]);
    expect(ready.host.inspect.mappings()).toEqual([]);
  });

  test("strict leaves everything as it was", () => {
    const ready = dividedPamu(STRICT);
    ready.client.mapMsi(ready.container, 0, 0x1080_0000);
    const before = tableBytes(ready);
    const live = ready.host.memory.liveAllocations;
    expect(map(ready, 0x1000_0000, 16 * MIB)).toBe(EBUSY);
    expect(tableBytes(ready)).toBe(before);
    expect(ready.host.memory.liveAllocations).toBe(live + 1);
  });

  test("sdk-compat: MAP_DMA before WINDOWS divides by zero: the run stops", () => {
    const ready = openedPamu(COMPAT);
    expect(() => map(ready, 0, WINDOW)).toThrow(SimulatedCrash);
  });
});

describe("section 3.4: locked memory", () => {
  const limited = { process: { uid: 1000, lockedMemoryLimit: 64 * MIB }, groupMode: 0o666 };

  function vmLck({ client }: PamuReady): string {
    const text = String(client.port.readText("/proc/self/status"));
    return /^VmLck:\s+(\d+) kB$/m.exec(text)?.[1] ?? "";
  }

  function ready(mode: "sdk-compat" | "strict", windows: number, size: number): PamuReady {
    const opened = openedPamu({ mode }, limited);
    opened.client.setGeometry(opened.container, 0, size - 1);
    opened.client.setWindows(opened.container, windows);
    return opened;
  }

  test("sdk-compat adds one for each window and takes away every page", () => {
    const state = ready("sdk-compat", 256, 1024 * MIB);
    map(state, 0, 16 * MIB);
    expect(vmLck(state)).toBe("16");
    state.client.unmap(state.container, 0, 16 * MIB);
    // 4 - 4096 pages of 4 KiB, in kB, in the 32 bits of an unsigned long.
    expect(vmLck(state)).toBe(String(2 ** 32 - 4092 * 4));
    expect(map(state, 0, WINDOW)).toBe(ENOMEM);
  });

  test("with windows of 4 KiB the two errors meet", () => {
    const state = ready("sdk-compat", 256, MIB);
    const memory = state.client.memory(16 * 4096);
    const request = { vaddr: memory.address, iova: 0, size: 16 * 4096 };
    expect(state.client.map(state.container, request)).toBe(0);
    expect(vmLck(state)).toBe("64");
    state.client.unmap(state.container, 0, 16 * 4096);
    expect(vmLck(state)).toBe("0");
  });

  test("strict counts pages, both ways", () => {
    const state = ready("strict", 256, 1024 * MIB);
    map(state, 0, 16 * MIB);
    expect(vmLck(state)).toBe("16384");
    state.client.unmap(state.container, 4 * MIB, WINDOW);
    expect(vmLck(state)).toBe("12288");
    state.client.unmap(state.container, 0, 16 * MIB);
    expect(vmLck(state)).toBe("0");
  });
});

describe("section 2.3 and 3.4: the list and the windows drift apart", () => {
  test("SET WINDOWS forgets what a failed ENABLE left mapped, and its pins for good", () => {
    const ready = compat();
    const { client, container, host } = ready;
    map(ready, 0, WINDOW);
    // The domain runs, so WINDOWS is refused; the driver takes its own word for the size all the same.
    expect(client.setWindows(container, 128)).toBe(0);
    expect(client.windows(container)).toBe(256);
    expect(() => client.unmap(container, 0, WINDOW)).toThrow(SimulatedHang);
    expect(host.inspect.mappings()).toHaveLength(1);
  });

  test("neighbours with the same access whose memory goes on become one entry", () => {
    const { client, container, host } = compat();
    const memory = client.memory(16 * MIB, 16 * MIB);
    for (const at of [2, 0, 1])
      client.map(container, {
        vaddr: memory.address + BigInt(at * WINDOW),
        iova: at * WINDOW,
        size: WINDOW,
      });
    expect(host.inspect.mappings().map(({ iova, size }) => [iova, size])).toEqual([
      [0n, BigInt(3 * WINDOW)],
    ]);
    client.map(container, {
      vaddr: memory.address + BigInt(3 * WINDOW),
      iova: 3 * WINDOW,
      size: WINDOW,
      flags: 1,
    });
    expect(host.inspect.mappings()).toHaveLength(2);
  });

  test("the unmap of a merged entry gives every page back", () => {
    const { client, container, host } = compat();
    const memory = client.memory(16 * MIB, 16 * MIB);
    const live = host.memory.liveAllocations;
    for (const at of [0, 1])
      client.map(container, {
        vaddr: memory.address + BigInt(at * WINDOW),
        iova: at * WINDOW,
        size: WINDOW,
      });
    expect(client.unmap(container, 0, 2 * WINDOW)).toBe(0);
    memory.close();
    expect(host.memory.liveAllocations).toBe(live - 1);
  });
});
