import { expect, test } from "vitest";
import { VtdIommu } from "../hardware/vtd/vtd-iommu.ts";
import { VtdDriver } from "../kernel/iommu/vtd-driver.ts";
import { DmaBus } from "../memory/bus.ts";
import { frameOfPage, PhysicalMemory } from "../memory/physical-memory.ts";
import { EduDevice } from "./edu.ts";

const BOTH = { read: true, write: true };

function world(edu: { completionPolls?: number; byteOrder?: "little" | "big" } = {}) {
  const memory = new PhysicalMemory({ seed: 7 });
  const hardware = new VtdIommu({ memory });
  const driver = new VtdDriver({ memory, registers: hardware.registers });
  const bus = new DmaBus({ hardware, memory });
  const device = new EduDevice({ bus, requester: 0x18, ...edu });
  const big = edu.byteOrder === "big";
  const write = (offset: number, value: bigint, width: 4 | 8 = 4): void => {
    const bytes = new Uint8Array(width);
    const view = new DataView(bytes.buffer);
    if (width === 8) view.setBigUint64(0, value, !big);
    else view.setUint32(0, Number(value), !big);
    device.writeBar(0, offset, bytes);
  };
  const read = (offset: number, width: 1 | 2 | 4 | 8 = 4): bigint => {
    const bytes = new Uint8Array(width);
    device.readBar(0, offset, bytes);
    return bytes.reduceRight((value, _, at) => {
      return (value << 8n) | BigInt(bytes[big ? width - 1 - at : at] ?? 0);
    }, 0n);
  };
  const command = (bits: number): void => device.config.write(4, Uint8Array.of(bits, 0));
  command(6);
  const transfer = (source: bigint, destination: bigint, count: bigint, bits: bigint): void => {
    write(0x80, source, 8);
    write(0x88, destination, 8);
    write(0x90, count, 8);
    write(0x98, bits, 8);
  };
  return { memory, hardware, driver, bus, device, write, read, command, transfer };
}

/** A world with two pages of memory mapped at 1 MiB and at 2 MiB. */
function mappedWorld(edu: { completionPolls?: number } = {}) {
  const w = world(edu);
  const pages = w.memory.allocate(2, "scattered");
  const domain = w.driver.createDomain();
  domain.attach(w.device.requester);
  domain.map(0x100, frameOfPage(pages, 0), 1, BOTH);
  domain.map(0x200, frameOfPage(pages, 1), 1, BOTH);
  return { ...w, domain, from: pages.bytes.subarray(0, 4096), to: pages.bytes.subarray(4096) };
}

test("copies memory into its buffer and back out, byte for byte", () => {
  const { transfer, from, to } = mappedWorld();
  from.set([1, 2, 3, 4, 5], 0x10);
  transfer(0x10_0010n, 0x4_0100n, 5n, 1n);
  transfer(0x4_0100n, 0x20_0ffbn, 5n, 3n);
  expect([...to.subarray(0xffa)]).toEqual([0, 1, 2, 3, 4, 5]);
});

test("an unmapped source reads as zeros and an unmapped destination changes nothing", () => {
  const { transfer, device, domain, to, hardware } = mappedWorld();
  device.buffer.fill(0x77);
  domain.unmap(0x100, 1);
  domain.unmap(0x200, 1);
  transfer(0x10_0000n, 0x4_0000n, 8n, 1n);
  transfer(0x4_0008n, 0x20_0000n, 8n, 3n);
  expect([...device.buffer.subarray(0, 9)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0x77]);
  expect(to.every((byte) => byte === 0)).toBe(true);
  expect(hardware.takeFaults().map((fault) => fault.code)).toEqual([6, 5]);
});

test("without bus mastering no access leaves the device", () => {
  const { transfer, command, device, to, hardware } = mappedWorld();
  command(2);
  device.buffer.fill(0x77);
  transfer(0x4_0000n, 0x20_0000n, 8n, 3n);
  expect(to.every((byte) => byte === 0)).toBe(true);
  expect(hardware.takeFaults()).toEqual([]);
});

test("with memory decoding off registers read as ones and ignore writes", () => {
  const { read, write, command, device } = world();
  write(4, 5n);
  command(0);
  const bytes = new Uint8Array(4);
  expect(device.readBar(0, 4, bytes)).toBe("disabled");
  expect([...bytes]).toEqual([255, 255, 255, 255]);
  write(4, 9n);
  command(2);
  expect(read(4)).toBe(0xffff_fffan);
});

test("registers answer to the widths of the specification only", () => {
  const { read, write } = world();
  expect(read(0, 4)).toBe(0x0100_00edn);
  expect(read(0, 8)).toBe(0xffff_ffff_ffff_ffffn);
  expect(read(0, 1)).toBe(0n);
  write(0x80, 0x1234_5678_9abcn, 8);
  expect(read(0x80, 8)).toBe(0x1234_5678_9abcn);
  expect(read(0x80, 4)).toBe(0x5678_9abcn);
  write(0x80, 1n, 4);
  expect(read(0x80, 8)).toBe(1n);
  expect(read(0x50, 4)).toBe(0xffff_ffffn);
});

test("liveness inverts, the factorial is taken modulo 2^32", () => {
  const { read, write } = world();
  write(4, 0x1234_5678n);
  expect(read(4)).toBe(0xedcb_a987n);
  for (const [operand, result] of [
    [0n, 1n],
    [5n, 120n],
    [13n, 1_932_053_504n],
    [40n, 0n],
    [0xffff_ffffn, 0n],
  ] as const) {
    write(8, operand);
    expect(read(8), `${operand}!`).toBe(result);
  }
});

test("big-endian registers hold the same values", () => {
  const { read, write, device } = world({ byteOrder: "big" });
  const bytes = new Uint8Array(4);
  device.readBar(0, 0, bytes);
  expect([...bytes]).toEqual([0x01, 0x00, 0x00, 0xed]);
  write(4, 1n);
  expect(read(4)).toBe(0xffff_fffen);
});

test("a slow transfer moves no byte before the poll that says so", () => {
  const { transfer, read, from, device } = mappedWorld({ completionPolls: 2 });
  from.fill(9);
  transfer(0x10_0000n, 0x4_0000n, 1n, 1n);
  expect([read(0x98) & 1n, read(0x98) & 1n]).toEqual([1n, 1n]);
  expect(device.buffer[0]).toBe(0);
  expect(read(0x98) & 1n).toBe(0n);
  expect(device.buffer[0]).toBe(9);
});

test("a running transfer keeps its registers, and finish() ends it", () => {
  const { transfer, write, read, from, device } = mappedWorld({ completionPolls: 100 });
  from.fill(9);
  transfer(0x10_0000n, 0x4_0000n, 1n, 1n);
  write(0x80, 0xdeadn, 8);
  expect(read(0x80, 8)).toBe(0x10_0000n);
  device.finish();
  expect(device.buffer[0]).toBe(9);
});

test("the DMA mask cuts the address the engine sends", () => {
  const { memory, bus, domain, from } = mappedWorld();
  const device = new EduDevice({ bus, requester: 0x20, dmaMask: 0x0fff_ffffn });
  domain.attach(0x20);
  device.config.write(4, Uint8Array.of(6));
  from.fill(3);
  const bytes = new Uint8Array(8);
  const put = (offset: number, value: bigint): void => {
    new DataView(bytes.buffer).setBigUint64(0, value, true);
    device.writeBar(0, offset, bytes);
  };
  put(0x80, 0xf_0010_0000n);
  put(0x88, 0x4_0000n);
  put(0x90, 4n);
  put(0x98, 1n);
  expect([...device.buffer.subarray(0, 5)]).toEqual([3, 3, 3, 3, 0]);
  expect(memory.takeStrayAccesses()).toEqual([]);
});

test.each([
  ["one byte past the end", 0x4_0fffn, 2n],
  ["before the buffer", 0x3_ffffn, 1n],
  ["a count that wraps", 0x4_0000n, 0xffff_ffff_ffff_ffffn],
])("a transfer %s is refused and recorded", (_, inDevice, count) => {
  const { transfer, device, from, hardware } = mappedWorld();
  from.fill(9);
  transfer(0x10_0000n, inDevice, count, 1n);
  expect(device.takeMisuses().map((misuse) => misuse.kind)).toEqual(["device-misuse"]);
  expect(device.takeMisuses()).toEqual([]);
  expect(device.buffer.every((byte) => byte === 0)).toBe(true);
  expect(hardware.takeFaults()).toEqual([]);
});

test("INTx is a level: raised, shown in the status, gone with the last acknowledge", () => {
  const { write, read, device } = world();
  const seen: unknown[] = [];
  device.connectInterrupts((interrupt) => seen.push(interrupt));
  write(0x60, 3n);
  expect(read(0x24)).toBe(3n);
  write(0x64, 1n);
  write(0x64, 2n);
  expect(seen).toEqual([
    { kind: "intx", asserted: true },
    { kind: "intx", asserted: false },
  ]);
  const status = new Uint8Array(1);
  device.config.read(6, status);
  expect(status[0]).toBe(0x10);
});

test("an MSI is a write into the interrupt window and touches no memory", () => {
  const { transfer, device, bus, from, memory } = mappedWorld();
  const seen: unknown[] = [];
  device.connectInterrupts((interrupt) => seen.push(interrupt));
  device.config.write(0x44, Uint8Array.of(0x00, 0x10, 0xe0, 0xfe, 0, 0, 0, 0, 0x41, 0));
  device.config.write(0x42, Uint8Array.of(1));
  transfer(0x10_0000n, 0x4_0000n, 4n, 5n);
  expect(seen).toEqual([{ kind: "msi", vector: 0 }]);
  expect(bus.takeInterruptMessages()).toEqual([
    { requester: 0x18, address: 0xfee0_1000n, data: Uint8Array.of(0x41, 0, 0, 0) },
  ]);
  expect(from.every((byte) => byte === 0)).toBe(true);
  expect(memory.takeStrayAccesses()).toEqual([]);
});

test("BAR 0 answers its size to all ones, and read-only bytes stay", () => {
  const { device } = world();
  device.config.write(0x10, Uint8Array.of(255, 255, 255, 255));
  device.config.write(0x00, Uint8Array.of(0, 0, 0, 0));
  device.config.write(0x14, Uint8Array.of(255, 255, 255, 255));
  const header = new Uint8Array(64);
  device.config.read(0, header);
  const view = new DataView(header.buffer);
  expect(view.getUint32(0, true)).toBe(0x11e8_1234);
  expect(view.getUint32(0x10, true)).toBe(0xfff0_0000);
  expect(view.getUint32(0x14, true)).toBe(0);
  expect(header[0x3d]).toBe(1);
  const past = new Uint8Array(2);
  device.config.read(255, past);
  expect([...past]).toEqual([0, 255]);
});

test("reset forgets registers, buffer and command bits", () => {
  const { write, read, device, command } = world();
  write(4, 1n);
  device.buffer.fill(1);
  device.reset();
  expect(device.config.busMaster).toBe(false);
  command(2);
  expect(read(4)).toBe(0n);
  expect(device.buffer.every((byte) => byte === 0)).toBe(true);
});
