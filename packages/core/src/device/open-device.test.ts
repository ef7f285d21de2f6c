// A device of a scripted kernel: its facts, its regions, and every answer that is no success.

import { describe, expect, test } from "vitest";
import { filesPort } from "../../test/scripted-port.ts";
import { ioctlNumber } from "../abi/ioctl-number.ts";
import type { Device } from "../contract/device.ts";
import type { KernelPort } from "../port/kernel-port.ts";
import { VFIO_DEVICE_GET_INFO, VFIO_DEVICE_RESET } from "../uapi/device.ts";
import { VFIO_GROUP_GET_DEVICE_FD } from "../uapi/group.ts";
import { VFIO_DEVICE_GET_REGION_INFO } from "../uapi/region.ts";
import { openDevice } from "./open-device.ts";

const ADDRESS = "0000:00:02.0";
const FD = 20;
const REGION_OFFSET = 0x1000n;

interface Script {
  /** VFIO_DEVICE_FLAGS_*. Default: a PCI function that can be reset. */
  readonly flags?: number;
  /** VFIO_REGION_INFO_FLAG_*. Default: read and write. */
  readonly access?: number;
  readonly descriptor?: number;
  readonly info?: number;
  readonly region?: number;
  readonly reset?: number;
  readonly close?: number;
  /** What pread and pwrite answer. Default all of it. */
  readonly moved?: number;
}

class World {
  readonly closed: number[] = [];
  readonly forgotten: Device[] = [];
  readonly offsets: bigint[] = [];
  readonly #script: Script;
  readonly #port: KernelPort;

  constructor(script: Script = {}) {
    this.#script = script;
    const links = { [`/sys/bus/pci/devices/${ADDRESS}/iommu_group`]: "../iommu_groups/2" };
    const move = (buffer: Uint8Array, at: bigint): number => {
      this.offsets.push(at);
      return script.moved ?? buffer.length;
    };
    this.#port = {
      ...filesPort({ links }),
      ioctl: (_, request, argument) => this.#ioctl(request, argument),
      close: (fd) => {
        this.closed.push(fd);
        return script.close ?? 0;
      },
      readAt: (_, into, at) => move(into, at),
      writeAt: (_, from, at) => move(from, at),
    };
  }

  open(): Device {
    const groups = [{ id: 2, fd: 12 }];
    return openDevice(this.#port, groups, ADDRESS, (device) => this.forgotten.push(device));
  }

  #ioctl(request: number, argument: Uint8Array | number): number {
    const {
      flags = 3,
      access = 3,
      descriptor = FD,
      info = 0,
      region = 0,
      reset = 0,
    } = this.#script;
    const is = (command: typeof VFIO_DEVICE_RESET): boolean =>
      request === ioctlNumber(this.#port.abi, command);
    if (is(VFIO_GROUP_GET_DEVICE_FD)) return descriptor;
    if (is(VFIO_DEVICE_RESET)) return reset;
    if (!(argument instanceof Uint8Array)) throw new Error("not scripted");
    const view = new DataView(argument.buffer, argument.byteOffset, argument.byteLength);
    if (is(VFIO_DEVICE_GET_INFO)) {
      for (const [at, value] of [flags, 9, 5].entries()) view.setUint32(4 + 4 * at, value, true);
      return info;
    }
    if (!is(VFIO_DEVICE_GET_REGION_INFO)) throw new Error("not scripted");
    view.setUint32(4, access, true);
    view.setBigUint64(16, 0x100n, true);
    view.setBigUint64(24, REGION_OFFSET, true);
    return region;
  }
}

describe("what a device is", () => {
  test.each([
    [2, "pci", false],
    [3, "pci", true],
    [4, "platform", false],
    [0x41, "fsl-mc", true],
    [0x10, "unknown", false],
  ])("flags %i: %s", (flags, bus, resettable) => {
    const device = new World({ flags }).open();
    expect(device).toMatchObject({ address: ADDRESS, bus, resettable });
    expect([device.regionCount, device.interruptCount]).toEqual([9, 5]);
  });

  test.each([
    [-19, "device-not-found", /bind it to vfio-pci/],
    [-16, "device-busy", undefined],
    [-11, "device-busy", /open it again/],
    [-13, "permission-denied", /token/],
  ])("no descriptor: %i", (descriptor, code, hint) => {
    const world = new World({ descriptor });
    expect(() => world.open()).toThrow(
      expect.objectContaining({
        code,
        facts: expect.objectContaining({ group: 2 }),
        hint: hint === undefined ? undefined : expect.stringMatching(hint),
      }),
    );
    expect(world.closed).toEqual([]);
  });

  test("descriptor 0 is one; a device that does not tell what it is gets closed again", () => {
    const zero = new World({ descriptor: 0 });
    zero.open().close();
    expect(zero.closed).toEqual([0]);
    const silent = new World({ info: -22 });
    expect(() => silent.open()).toThrow(
      expect.objectContaining({ code: "kernel-refused", operation: "VFIO_DEVICE_GET_INFO" }),
    );
    expect(silent.closed).toEqual([FD]);
    expect(silent.forgotten).toEqual([]);
  });
});

describe("regions", () => {
  test("an access goes to the region's own offset, in whole", () => {
    const world = new World();
    const device = world.open();
    device.readRegion(0, 8, new Uint8Array(4));
    device.writeRegion(0, 0xfc, new Uint8Array(4));
    expect(world.offsets).toEqual([REGION_OFFSET + 8n, REGION_OFFSET + 0xfcn]);
  });

  test.each<[string, Script, RegExp, string | undefined]>([
    ["refused", { moved: -22 }, /the kernel refused it/, undefined],
    ["memory access is off", { moved: -5 }, /the kernel refused it/, "memory access is switched"],
    ["done in part", { moved: 2 }, /the kernel did 2 of 4 bytes/, undefined],
    ["not allowed", { access: 0 }, /the region does not allow a (read|write)/, undefined],
  ])("an access that is %s is an error", (_, script, message, hint) => {
    const device = new World(script).open();
    const error = expect.objectContaining({
      code: "region-access",
      message: expect.stringMatching(message),
      hint: hint === undefined ? undefined : expect.stringContaining(hint),
    });
    expect(() => device.readRegion(0, 0, new Uint8Array(4))).toThrow(error);
    expect(() => device.writeRegion(0, 0, new Uint8Array(4))).toThrow(error);
  });

  test("a region that the kernel does not tell about, or that is not there", () => {
    const device = new World({ region: -22 }).open();
    expect(() => device.region(0)).toThrow(
      expect.objectContaining({ code: "kernel-refused", facts: { index: 0, errno: "EINVAL" } }),
    );
    for (const index of [-1, 9, 0.5])
      expect(() => device.region(index)).toThrow(
        expect.objectContaining({ code: "invalid-argument" }),
      );
  });
});

describe("reset and close", () => {
  test("reset works, is refused by the kernel, or is not offered", () => {
    expect(new World().open().reset()).toBeUndefined();
    expect(() => new World({ reset: -5 }).open().reset()).toThrow(
      expect.objectContaining({ code: "kernel-refused", operation: "VFIO_DEVICE_RESET" }),
    );
    expect(() => new World({ flags: 2 }).open().reset()).toThrow(
      expect.objectContaining({ code: "not-offered" }),
    );
  });

  test("a close that fails is told once, and the device is forgotten all the same", () => {
    const world = new World({ close: -5 });
    const device = world.open();
    expect(() => device[Symbol.dispose]()).toThrow(
      expect.objectContaining({ code: "kernel-refused", operation: "close" }),
    );
    device.close();
    expect([world.closed, world.forgotten]).toEqual([[FD], [device]]);
    expect(() => device.reset()).toThrow(expect.objectContaining({ code: "closed" }));
    expect(() => device.region(0)).toThrow(expect.objectContaining({ code: "closed" }));
  });
});
