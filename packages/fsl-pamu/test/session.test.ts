// The session without the engine: the last gate before the driver holds whoever calls.

import { fc, test as property } from "@fast-check/vitest";
import {
  bytes,
  createIommu,
  type ErrorCode,
  hostAddress,
  iova,
  type ProbeContext,
} from "@iommukit/core";
import { fslPamu } from "@iommukit/fsl-pamu";
import { fails, faultyPort, pamu, simulatedHost } from "@iommukit/testkit";
import { describe, expect, test } from "vitest";
import { openMainline } from "../src/mainline.ts";
import { createSession } from "../src/session.ts";
import { thrown } from "./masked-pamu.ts";
import { compat, MIB, PAGE } from "./raw-pamu.ts";

/** A session over a port that only counts: what reaches it is what would reach the driver. */
function gated(windowSize: number) {
  const sent: { command: number; iova: bigint; size: bigint }[] = [];
  let windows = 256;
  let geometry: readonly [bigint, bigint] = [0n, 2n ** 36n - 1n];
  const base = simulatedHost(pamu({ soc: "p4080" })).port;
  const ioctl = (_: number, request: number, argument: Uint8Array | number): number => {
    const command = request - 0x2000_3b64;
    if (!(argument instanceof Uint8Array)) return 3;
    const view = new DataView(argument.buffer, argument.byteOffset);
    if (command === 13)
      sent.push({ command, iova: view.getBigUint64(16), size: view.getBigUint64(24) });
    if (command === 14)
      sent.push({ command, iova: view.getBigUint64(8), size: view.getBigUint64(16) });
    const attribute = view.getUint32(8);
    if (command === 16 && attribute === 1) windows = view.getUint32(16);
    if (command === 16 && attribute === 0)
      geometry = [view.getBigUint64(16), view.getBigUint64(24)];
    if (command === 15 && attribute === 1) view.setUint32(16, windows);
    if (command === 15 && attribute === 0) {
      view.setBigUint64(16, geometry[0]);
      view.setBigUint64(24, geometry[1]);
    }
    return 0;
  };
  const port = {
    ...base,
    abi: base.abi,
    ioctl,
    ioctlAsync: async (...call: Parameters<typeof ioctl>) => ioctl(...call),
  };
  const context: ProbeContext = { port, container: 3, groups: () => [2] };
  const aperture = { start: iova(0), size: bytes(windowSize * 16), windowSize: bytes(windowSize) };
  return { sent, session: createSession(context, aperture) };
}

const odd = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const near = fc
  .tuple(fc.nat({ max: 40 }), fc.integer({ min: -2, max: 2 }))
  .map(([windows, off]) => BigInt(Math.max(0, windows * 4 * MIB + off)));

describe("no call that would loop or divide leaves the backend", () => {
  property.prop([fc.oneof(odd, near), fc.oneof(odd, near), fc.constantFrom("map", "unmap")], {
    numRuns: 2000,
  })("whatever the range: whole windows, or a refusal and no call", (at, size, what) => {
    const { sent, session } = GATED;
    sent.length = 0;
    const isWhole = size > 0n && (at | size) % BigInt(4 * MIB) === 0n;
    const action = (): void =>
      what === "map"
        ? session.map(iova(at), hostAddress(0n), bytes(size), "read")
        : session.unmap(iova(at), bytes(size), bytes(size));
    if (isWhole) {
      action();
      expect(sent).toEqual([{ command: what === "map" ? 13 : 14, iova: at, size }]);
      return;
    }
    expect(thrown(action).code).toBe(size === 0n ? "zero-size" : "misaligned");
    expect(sent).toEqual([]);
  });

  const GATED = gated(4 * MIB);

  test("without a window nothing is sent at all", async () => {
    const { sent, session } = gated(PAGE);
    const [window] = session.readWindows();
    if (window === undefined) throw new Error("no window");
    session.removeWindow?.(window);
    const page = [iova(0), hostAddress(0n), bytes(PAGE), "read"] as const;
    expect(thrown(() => session.map(...page)).code).toBe("outside-window");
    await expect(session.mapAsync(...page)).rejects.toMatchObject({ code: "outside-window" });
    expect(thrown(() => session.unmap(iova(0), bytes(PAGE), bytes(PAGE))).code).toBe(
      "outside-window",
    );
    expect(thrown(() => session.removeWindow?.(window)).code).toBe("invalid-argument");
    expect(session.readWindows()).toEqual([]);
    expect(sent).toEqual([]);
  });
});

describe("an aperture that the driver refuses leaves none", () => {
  test("until another is created", () => {
    const request = 0x2000_3b74;
    // Geometry and one window at opening, geometry and one window of the new one, then its windows.
    const { port } = faultyPort(compat().port, {
      faults: [{ when: { request, nth: 5 }, what: fails(28) }],
    });
    const container = createIommu(port).openContainer({
      groups: [2],
      backends: [fslPamu({ type: 7 })],
    });
    const [window] = container.windows.list();
    if (window === undefined) throw new Error("no window");
    container.windows.remove(window);
    const wanted = { size: bytes(16 * PAGE), pageSize: PAGE };
    expect(thrown(() => container.windows.create(wanted)).code).toBe("kernel-refused");
    expect(container.windows.list()).toEqual([]);
    expect(container.windows.create(wanted).last).toBe(BigInt(16 * PAGE - 1));
    container.close();
  });
});

describe("a mainline PAMU's session", () => {
  const context = (result: number): ProbeContext => ({
    port: { ...compat().port, ioctl: () => result },
    container: 3,
    groups: () => [2],
  });

  test("maps nothing, whoever asks", async () => {
    const session = openMainline(context(0));
    const page = [iova(0), hostAddress(0n), bytes(PAGE), "read"] as const;
    const codes: ErrorCode[] = [
      thrown(() => session.map(...page)).code,
      thrown(() => session.unmap(iova(0), bytes(PAGE), bytes(PAGE))).code,
    ];
    expect(codes).toEqual(["outside-window", "outside-window"]);
    await expect(session.mapAsync(...page)).rejects.toMatchObject({ code: "outside-window" });
    expect([session.readWindows(), session.readMappingsAvailable()]).toEqual([[], undefined]);
  });

  test("needs interrupts to be allowed", () => {
    const error = thrown(() => openMainline(context(-1)));
    expect(error.code).toBe("permission-denied");
    expect(error.hint).toContain("allow_unsafe_interrupts");
  });
});
