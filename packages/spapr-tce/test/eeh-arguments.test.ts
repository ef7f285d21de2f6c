// EEH's arguments: a misspelt word makes no call, and no time makes an endless wait.

import { createIommu, type IommuError, isIommuError } from "@iommukit/core";
import { ioctlNumber } from "@iommukit/core/abi";
import { EEH, type Eeh, spaprTce } from "@iommukit/spapr-tce";
import { fails, faultyPort, powernv, simulatedHost } from "@iommukit/testkit";
import { expect, test } from "vitest";
import { VFIO_EEH_PE_OP } from "../src/uapi/eeh.ts";

async function rejected(action: () => unknown): Promise<IommuError> {
  try {
    await action();
  } catch (error) {
    if (isIommuError(error)) return error;
    throw error;
  }
  throw new Error("expected an error");
}

const WRONG: readonly (readonly [string, (eeh: Eeh) => unknown])[] = [
  ["a reset that is misspelt", (eeh) => Reflect.apply(eeh.startReset, eeh, ["hto"])],
  ["a reset without a kind", (eeh) => Reflect.apply(eeh.startReset, eeh, [])],
  ["no error to inject", (eeh) => Reflect.apply(eeh.injectError, eeh, [])],
  ["a recovery that is misspelt", (eeh) => Reflect.apply(eeh.recover, eeh, [{ how: "unfreze" }])],
  ["options that are none", (eeh) => Reflect.apply(eeh.recover, eeh, [5])],
  ["a recovery's misspelt option", (eeh) => Reflect.apply(eeh.recover, eeh, [{ hwo: "unfreeze" }])],
  [
    "an injection's misspelt option",
    (eeh) =>
      Reflect.apply(eeh.injectError, eeh, [
        { addressBits: 32, what: "dma-read-address", adress: 1n },
      ]),
  ],
  [
    "a watch's misspelt option",
    (eeh) =>
      Reflect.apply(eeh.watch, eeh, [{ intervall: 5 }])
        [Symbol.asyncIterator]()
        .next(),
  ],
  ["a timeout that is no number", (eeh) => eeh.recover({ timeout: Number.NaN })],
  ["an endless timeout", (eeh) => eeh.recover({ timeout: Number.POSITIVE_INFINITY })],
  ["an interval of 0", (eeh) => eeh.watch({ interval: 0 })[Symbol.asyncIterator]().next()],
  ["an interval below 0", (eeh) => eeh.watch({ interval: -1 })[Symbol.asyncIterator]().next()],
];

test.each(WRONG)("%s is invalid-argument, and the kernel is not asked", async (_, call) => {
  const sim = simulatedHost(powernv());
  const when = { request: ioctlNumber(sim.port.abi, VFIO_EEH_PE_OP) };
  const { port, fired } = faultyPort(sim.port, { faults: [{ when, what: fails(5) }] });
  using container = createIommu(port).openContainer({ groups: [2], backends: [spaprTce()] });
  const eeh = container.extension(EEH);
  expect((await rejected(() => call(eeh))).code).toBe("invalid-argument");
  expect(fired).toEqual([]);
});
