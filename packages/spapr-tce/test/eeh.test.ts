// EEH on a simulated PHB that freezes as hardware does: states, order, recovery, events.

import {
  bytes,
  type Container,
  createIommu,
  type IommuError,
  iova,
  isIommuError,
} from "@iommukit/core";
import { ioctlNumber } from "@iommukit/core/abi";
import { EEH, type Eeh, spaprTce } from "@iommukit/spapr-tce";
import {
  answers,
  type Fault,
  fails,
  faultyPort,
  powernv,
  pseries,
  type SimulatedHost,
  simulatedHost,
} from "@iommukit/testkit";
import { afterEach, describe, expect, test } from "vitest";
import { ALLOWED, EEH_NUMBERS, PE_STATES, unfreezing } from "../src/eeh/states.ts";
import { VFIO_EEH_PE_OP } from "../src/uapi/eeh.ts";

const DEVICE = "0000:00:02.0";
const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0).toReversed()) each.close();
});

interface Bench {
  readonly sim: SimulatedHost;
  readonly container: Container;
  readonly eeh: Eeh;
  /** The device reaches an address where nothing is mapped: the PHB stops its PE. */
  readonly freeze: () => void;
  readonly reaches: () => boolean;
}

function bench(faults: readonly Fault[] = [], groups: readonly number[] = [2]): Bench {
  const sim = simulatedHost(powernv({ faultModel: "freeze" }));
  const iommu = createIommu(faultyPort(sim.port, { faults }).port);
  const memory = iommu.allocate(4096);
  const container = iommu.openContainer({ groups, backends: [spaprTce()] });
  open.push(memory, container);
  container.memory.register(memory.address, memory.size);
  container.dma.map(iova(0), memory.address, bytes(4096), "read-write");
  const byte = new Uint8Array(8);
  return {
    sim,
    container,
    eeh: container.extension(EEH),
    freeze: () => void sim.dma(DEVICE).read(0x10_0000n, byte),
    reaches: () => sim.dma(DEVICE).read(0n, byte).moved === 8,
  };
}

const op = (what: Fault["what"], nth: number, times = 1): Fault => ({
  when: { request: ioctlNumber(powernv().abi, VFIO_EEH_PE_OP), nth, times },
  what,
});

function thrown(action: () => unknown): IommuError {
  try {
    action();
  } catch (error) {
    if (isIommuError(error)) return error;
    throw error;
  }
  throw new Error("expected an error");
}

describe("the numbers are PAPR's", () => {
  test("of states and of operations", () => {
    expect([...PE_STATES]).toEqual([
      [0, "normal"],
      [1, "reset-active"],
      [2, "stopped"],
      [4, "dma-stopped"],
      [5, "unavailable"],
    ]);
    expect(EEH_NUMBERS).toEqual({
      disable: 0,
      enable: 1,
      "unfreeze-io": 2,
      "unfreeze-dma": 3,
      "end-reset": 5,
      "hot-reset": 6,
      "fundamental-reset": 7,
      configure: 8,
      "inject-error": 9,
    });
  });

  test("a reset may be asked in every state, an injection in one", () => {
    for (const allowed of Object.values(ALLOWED)) expect(allowed).toContain("hot-reset");
    const injecting = Object.entries(ALLOWED).filter(([, all]) => all.includes("inject-error"));
    expect(injecting.map(([state]) => state)).toEqual(["normal"]);
    expect(unfreezing("unavailable")).toBeUndefined();
  });
});

describe("rule I44: a PE that was stopped", () => {
  test("does nothing until it is thawed, MMIO first and DMA after it", () => {
    const { eeh, freeze, reaches } = bench();
    expect([eeh.readState(), reaches()]).toEqual(["normal", true]);
    freeze();
    expect([eeh.readState(), reaches()]).toEqual(["stopped", false]);
    expect(thrown(() => eeh.unfreezeDma())).toMatchObject({
      code: "wrong-state",
      facts: { state: "stopped" },
    });
    eeh.unfreezeIo();
    expect([eeh.readState(), reaches()]).toEqual(["dma-stopped", false]);
    eeh.unfreezeDma();
    expect([eeh.readState(), reaches()]).toEqual(["normal", true]);
  });

  test.each(["hot", "fundamental"] as const)(
    "comes back by a %s reset, its mappings too",
    (kind) => {
      const { eeh, freeze, reaches, container } = bench();
      freeze();
      eeh.startReset(kind);
      expect([eeh.readState(), reaches()]).toEqual(["stopped", false]);
      eeh.endReset();
      eeh.configure();
      expect([eeh.readState(), reaches()]).toEqual(["normal", true]);
      expect(container.dma.mappings()).toHaveLength(1);
    },
  );

  test("is thawed by enable; disable changes nothing", () => {
    const { eeh, freeze, reaches } = bench();
    eeh.disable();
    freeze();
    expect(thrown(() => eeh.disable()).code).toBe("wrong-state");
    eeh.enable();
    expect([eeh.readState(), reaches()]).toEqual(["normal", true]);
  });
});

describe("recover", () => {
  test.each([undefined, "unfreeze", "hot", "fundamental"] as const)("how: %s", async (how) => {
    const { eeh, freeze, reaches } = bench();
    freeze();
    expect(await eeh.recover(how === undefined ? {} : { how })).toBe("normal");
    expect(reaches()).toBe(true);
  });

  test("of a PE that works thaws nothing", async () => {
    const { eeh, reaches } = bench();
    expect(await eeh.recover({ how: "unfreeze" })).toBe("normal");
    expect(reaches()).toBe(true);
  });

  test("waits while the firmware works on the PE, and not for ever", async () => {
    const passing = bench([op(answers(5), 1, 3)]);
    expect(await passing.eeh.recover({ how: "unfreeze", timeout: 1000 })).toBe("normal");
    const lasting = bench([op(answers(5), 1, 99)]);
    await expect(lasting.eeh.recover({ how: "unfreeze", timeout: 200 })).rejects.toMatchObject({
      code: "kernel-refused",
      message: expect.stringContaining("it is unavailable"),
    });
  });

  test("that leaves the PE stopped says so", async () => {
    // State, three calls with a state before each, and then the last state.
    const { eeh } = bench([op(answers(2), 8, 99)]);
    await expect(eeh.recover()).rejects.toMatchObject({
      code: "kernel-refused",
      hint: expect.stringContaining("fundamental"),
    });
  });

  test("without an event to wait on is refused", async () => {
    const { eeh } = bench([{ when: { call: "eventFd" }, what: fails(24) }]);
    await expect(eeh.recover()).rejects.toMatchObject({ operation: "eventfd" });
  });
});

describe("events", () => {
  test("the watch ends when the container is closed", async () => {
    const { eeh, container } = bench();
    const next = eeh.watch({ interval: 1 })[Symbol.asyncIterator]().next();
    container.close();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test("a freeze is seen, thawed, and seen again", async () => {
    const { eeh, freeze } = bench();
    const signal = { aborted: false };
    const events: string[] = [];
    freeze();
    for await (const { state, previous } of eeh.watch({ interval: 1, signal })) {
      events.push(`${previous} → ${state}`);
      if (state === "stopped") eeh.unfreezeIo();
      if (state === "dma-stopped") eeh.unfreezeDma();
      signal.aborted = state === "normal";
    }
    expect(events).toEqual(["normal → stopped", "stopped → dma-stopped", "dma-stopped → normal"]);
  });

  test("an answer that is no state ends the watch with an error", async () => {
    const { eeh } = bench([op(answers(3), 1)]);
    const next = eeh.watch()[Symbol.asyncIterator]().next();
    await expect(next).rejects.toMatchObject({ code: "kernel-misbehaved" });
  });
});

describe("errors", () => {
  test("an error is injected by name, or refused before any call", () => {
    const { eeh, sim } = bench();
    const before = sim.inspect.openDescriptors().length;
    const inject = (error: object) => (): unknown => Reflect.apply(eeh.injectError, eeh, [error]);
    for (const wrong of [
      { addressBits: 16, what: "load-memory-address" },
      { addressBits: 32, what: "toString" },
      { addressBits: 32, what: "dma-read-data", address: 1n << 32n },
      { addressBits: 64, what: "dma-read-data", mask: -1n },
      { addressBits: 64, what: "dma-read-data", address: 5 },
    ])
      expect(thrown(inject(wrong)).code).toBe("invalid-argument");
    expect(sim.inspect.openDescriptors()).toHaveLength(before);
    inject({ addressBits: 32, what: "load-config-address" })();
  });

  test.each([
    ["no PE", fails(19), "not-offered"],
    ["no injection", fails(6), "not-offered"],
    ["the firmware fails", fails(5), "kernel-refused"],
    ["a number that is no state", answers(7), "kernel-misbehaved"],
  ] as const)("%s", (_, what, code) => {
    expect(thrown(() => bench([op(what, 1)]).eeh.readState()).code).toBe(code);
  });

  test("with two groups nothing is asked: the kernel would act on some of them", () => {
    const { eeh } = bench([], [2, 3]);
    expect(thrown(() => eeh.readState())).toMatchObject({
      code: "not-offered",
      facts: { groups: ["2", "3"] },
    });
  });

  test("where the kernel watches no PE there is no such control", () => {
    const container = createIommu(simulatedHost(pseries()).port).openContainer({
      groups: [2],
      backends: [spaprTce()],
    });
    open.push(container);
    expect(container.capabilities["eeh"]).toMatchObject({ offered: false });
    expect(thrown(() => container.extension(EEH)).code).toBe("not-offered");
  });

  test("after close it is closed", () => {
    const { eeh, container } = bench();
    container.close();
    expect(thrown(() => eeh.readState()).code).toBe("closed");
  });
});
