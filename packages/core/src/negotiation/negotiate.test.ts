// Which backend is chosen, and what each of the others is told to lack.

import { expect, test } from "vitest";
import { PAGE, scriptedBackend, scriptedSession } from "../../test/scripted-engine.ts";
import { scriptedPort } from "../../test/scripted-port.ts";
import type { IommuBackend } from "../contract/backend.ts";
import type { Requirements } from "../contract/container.ts";
import { IommuError } from "../errors/base.ts";
import { type Negotiated, negotiate, unmetTerms } from "./negotiate.ts";

const context = { port: scriptedPort(), container: 3, groups: () => [2] };
const TERMS = { required: {}, accepted: [] } as const;

function run(backends: readonly IommuBackend[], reset: () => void = () => undefined): Negotiated {
  return negotiate(backends, context, TERMS, reset);
}

test("a backend that the kernel refuses is passed over, with its reason, and the type taken off", () => {
  const refusal = new IommuError({
    code: "kernel-refused",
    operation: "x",
    sentence: "EPERM it is",
  });
  const refusing = scriptedBackend("refusing", () => {
    throw refusal;
  });
  const absent: IommuBackend = {
    ...refusing,
    name: "absent",
    probe: () => ({ usable: false, reason: "not there", hint: "load it" }),
  };
  const silent: IommuBackend = {
    ...absent,
    name: "silent",
    probe: () => ({ usable: false, reason: "no" }),
  };
  const good = scriptedBackend("good", () => scriptedSession());
  let resets = 0;
  const { negotiation } = run([absent, silent, refusing, good], () => resets++);
  expect(negotiation).toEqual({
    chosen: "good",
    refused: [
      { backend: "absent", reasons: ["not there (load it)"] },
      { backend: "silent", reasons: ["no"] },
      { backend: "refusing", reasons: ["EPERM it is"] },
    ],
  });
  expect(resets).toBe(1);
  expect(() => run([refusing])).toThrow(
    expect.objectContaining({ code: "no-backend", cause: refusal, facts: { tried: ["refusing"] } }),
  );
});

test("an error that is not the library's is a defect of the backend, and is not swallowed", () => {
  const broken = scriptedBackend("broken", () => {
    throw new RangeError("a defect");
  });
  let resets = 0;
  expect(() => run([broken], () => resets++)).toThrow(RangeError);
  expect(resets).toBe(0);
});

test("rule CL6: what a backend does not speak of counts as a weakness", () => {
  const session = scriptedSession({
    capabilities: { "interrupt-isolation": { offered: false, reason: "told not to" } },
  });
  const unmet = unmetTerms(session, TERMS);
  expect(unmet).toHaveLength(2);
  expect(unmet[0]).toMatch(/^isolation: not known to this backend .*no-isolation/);
  expect(unmet[1]).toMatch(/^interrupt-isolation: told not to .*unsafe-interrupts/);
  const accepted = ["no-isolation", "unsafe-interrupts"] as const;
  expect(unmetTerms(session, { required: {}, accepted })).toEqual([]);
});

test.each<[string, Requirements, readonly string[]]>([
  ["a capability that is offered", { capabilities: ["isolation"] }, []],
  ["one that is refused", { capabilities: ["migration"] }, ["migration: scripted so"]],
  [
    "one that is unknown",
    { capabilities: ["unmap-all"] },
    ["unmap-all: not known to this backend"],
  ],
  ["pages that fit", { pageSize: 65_536 }, []],
  [
    "pages that are too small",
    { pageSize: 512 },
    ["page size 512 bytes: windows have pages of 4 KiB"],
  ],
  ["a window that is there", { windowSize: 2 ** 32 }, []],
  [
    "one byte too much",
    { windowSize: 2n ** 32n + 1n },
    [expect.stringContaining("no window is that large")],
  ],
])("required: %s", (_, required, reasons) => {
  const capabilities = {
    ...scriptedSession().capabilities,
    migration: { offered: false, reason: "scripted so" },
  } as const;
  expect(unmetTerms(scriptedSession({ capabilities }), { required, accepted: [] })).toEqual(
    reasons,
  );
});

test("required pages where there is no window", () => {
  const session = scriptedSession({ readWindows: () => [] });
  const unmet = unmetTerms(session, { required: { pageSize: PAGE }, accepted: [] });
  expect(unmet[0]).toBe("page size 4 KiB: windows have pages of no size");
  expect(unmet).toHaveLength(2);
});

test("a backend of several versions: the one that opened, why not the others, and what it lacks", () => {
  const refusal = { backend: "second", reasons: ["the firmware has none"] };
  const session = scriptedSession({ negotiation: { chosen: "first", refused: [refusal] } });
  const both = scriptedBackend("second", () => session);
  expect(run([both]).negotiation).toEqual({ chosen: "first", refused: [refusal] });
  const terms = { ...TERMS, required: { capabilities: ["warp"] } };
  const demanding = (): unknown => negotiate([both], context, terms, () => undefined);
  expect(demanding).toThrow(/second: the firmware has none\n {2}first: warp: not known/);
});
