// Memory from a scripted kernel that refuses it, or gives what it may not.

import { expect, test } from "vitest";
import { scriptedPort } from "../../test/scripted-port.ts";
import type { HostMemory, KernelPort, MapMemoryRequest } from "../port/kernel-port.ts";
import { allocateMemory } from "./allocate.ts";
import { MemoryTable } from "./memory-table.ts";

const PAGE = 4096;
const HUGE = 2 * 1024 * 1024;

/** A kernel that maps at this address, answers `munmap` so, and says what it was asked. */
class Kernel {
  readonly table = new MemoryTable();
  readonly asked: MapMemoryRequest[] = [];
  closed = 0;
  readonly port: KernelPort;

  constructor(answer: bigint | number, munmap = 0) {
    const memory = (address: bigint, length: number): HostMemory => ({
      address,
      bytes: new Uint8Array(length),
      pageSize: PAGE,
      close: () => {
        this.closed++;
        return munmap;
      },
    });
    this.port = scriptedPort({
      mapMemory: (request) => {
        this.asked.push(request);
        return typeof answer === "number" ? answer : memory(answer, request.length);
      },
    });
  }
}

test("ENOMEM is told; the hint to reserve huge pages only when they were asked for", () => {
  const allocate = (pageSize?: number, errno = 12): (() => unknown) => {
    const { port, table } = new Kernel(-errno);
    return () => allocateMemory(port, table, PAGE, pageSize === undefined ? {} : { pageSize });
  };
  const refused = (hint: unknown, code = "out-of-memory"): unknown =>
    expect.objectContaining({ code, hint });
  expect(allocate()).toThrow(refused(undefined));
  expect(allocate(HUGE)).toThrow(refused(expect.stringContaining("hugepages-2048kB/nr_hugepages")));
  expect(allocate(HUGE, 22)).toThrow(refused(undefined, "kernel-refused"));
});

test("huge pages are asked for by their size, and the size is rounded up to them", () => {
  const { port, table, asked } = new Kernel(0x7f00_0000_0000n);
  const memory = allocateMemory(port, table, 1, { pageSize: HUGE });
  expect(asked).toEqual([{ length: HUGE, shared: false, pageSize: HUGE }]);
  expect(memory).toMatchObject({ size: BigInt(HUGE), pageSize: HUGE });
});

test("memory that is misaligned, or ours already, is given back and never counted", () => {
  const misaligned = new Kernel(0x7f00_0000_0800n);
  expect(() => allocateMemory(misaligned.port, misaligned.table, PAGE)).toThrow(
    expect.objectContaining({ code: "kernel-misbehaved" }),
  );
  expect([misaligned.closed, misaligned.table.size]).toEqual([1, 0]);

  const twice = new Kernel(0x7f00_0000_0000n);
  allocateMemory(twice.port, twice.table, PAGE);
  expect(() => allocateMemory(twice.port, twice.table, PAGE)).toThrow(
    expect.objectContaining({ code: "kernel-misbehaved" }),
  );
  expect([twice.closed, twice.table.size]).toEqual([1, 1]);
});

test("`using` gives it back once; afterwards its bytes are nobody's", () => {
  const { port, table, asked } = new Kernel(0x7f00_0000_0000n);
  const memory = allocateMemory(port, table, PAGE);
  expect(memory.bytes).toHaveLength(PAGE);
  memory[Symbol.dispose]();
  memory.close();
  expect(asked).toHaveLength(1);
  expect(table.size).toBe(0);
  expect(() => memory.bytes).toThrow(expect.objectContaining({ code: "closed" }));
});

test("munmap that fails is told, and is not tried again", () => {
  const kernel = new Kernel(0x7f00_0000_0000n, -22);
  const memory = allocateMemory(kernel.port, kernel.table, PAGE);
  expect(() => memory.close()).toThrow(
    expect.objectContaining({ code: "kernel-refused", operation: "munmap" }),
  );
  memory.close();
  expect([kernel.closed, kernel.table.size]).toEqual([1, 0]);
});

test("a size that no process can address, and page sizes that are none", () => {
  const { port, table, asked } = new Kernel(-12);
  const refused = (size: number | bigint, pageSize?: number): (() => unknown) => {
    return () => allocateMemory(port, table, size, pageSize === undefined ? {} : { pageSize });
  };
  expect(refused(2n ** 60n)).toThrow(expect.objectContaining({ code: "out-of-memory" }));
  for (const size of [2048, 6000, -4096, 0, Number.NaN, 4096.5])
    expect(refused(PAGE, size)).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  expect(asked).toEqual([]);
});
