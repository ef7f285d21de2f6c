// Every system call of a whole session fails in turn; whatever happens, nothing is left behind.

import { bytes, createIommu, hostPlus, iova, isIommuError, type KernelPort } from "@iommukit/core";
import { amdvi, faultyPort, type Machine, simulatedHost, vtd } from "@iommukit/testkit";
import { openEdu } from "@iommukit/testkit/drivers";
import { type1 } from "@iommukit/type1-x86";
import { describe, expect, test } from "vitest";

const PAGE = 4096;
const ERRNOS = { EINTR: 4, EIO: 5, ENOMEM: 12, EFAULT: 14, EBUSY: 16, EINVAL: 22, ENOTTY: 25 };
/** Answers that no call documents; success is exactly 0, or a descriptor where one is expected. */
const ODD = [1, 2_147_483_647];

/** A session that uses every part: open, second group, device, map, copy, unmap, close. */
function session(port: KernelPort): void {
  const iommu = createIommu(port);
  using memory = iommu.allocate(4 * PAGE);
  using container = iommu.openContainer({ groups: [2], backends: [type1()] });
  container.control.attach(3);
  using device = container.openDevice("0000:00:02.0");
  const edu = openEdu(device);
  const segments = [2, 0].map((page) => ({
    host: hostPlus(memory.address, page * PAGE),
    size: bytes(PAGE),
  }));
  container.dma.mapSegments(iova(0x10_0000), segments, "read-write");
  container.dma.map(iova(0x20_0000), memory.address, bytes(PAGE), "read");
  edu.copyFromHost(iova(0x20_0000), 64);
  container.dma.unmap(iova(0x20_0000), bytes(PAGE));
  container.control.detach(3);
  container.dma.unmapAll();
}

interface Outcome {
  readonly fired: boolean;
  readonly error: unknown;
}

/** Runs the session with its nth call answering `answer`, then looks at what the kernel still has. */
function runWithFault(machine: Machine, nth: number, answer: number): Outcome {
  const host = simulatedHost(machine);
  const { port, fired } = faultyPort(host.port, {
    faults: [
      { when: { nth }, what: { name: `call ${nth} answers ${answer}`, instead: () => answer } },
    ],
  });
  let error: unknown;
  try {
    session(port);
  } catch (thrown) {
    error = thrown;
  }
  if (error !== undefined && !isKnown(error)) throw error;
  expect(host.inspect.strayAccesses()).toEqual([]);
  // A close that the fault swallowed was never made: that one descriptor, and no other, is open.
  const swallowed = fired.filter(({ call }) => call.name === "close").length;
  const open = host.inspect.openDescriptors();
  expect(open.length, `open after call ${nth} answered ${answer}`).toBe(swallowed);
  expect(host.inspect.pinnedPages(), `pinned after call ${nth} answered ${answer}`).toBe(0);
  expect(host.inspect.lockedBytes()).toBe(0);
  return { fired: fired.length > 0, error };
}

function isKnown(error: unknown): boolean {
  if (error instanceof Error && "suppressed" in error && "error" in error)
    return isKnown(error.error) && isKnown(error.suppressed);
  return isIommuError(error);
}

describe.each([
  ["sim/vtd", vtd],
  ["sim/amdvi", amdvi],
] as const)("fault sweep on %s", (_, machine) => {
  test("every call answers every errno and odd numbers: typed errors, nothing left", () => {
    let sites = 0;
    let runs = 0;
    for (let nth = 1; ; nth++) {
      const answers = [...Object.values(ERRNOS).map((errno) => -errno), ...ODD];
      const outcomes = answers.map((answer) => runWithFault(machine(), nth, answer));
      if (!outcomes.some((outcome) => outcome.fired)) break;
      sites++;
      runs += outcomes.length;
      expect(sites).toBeLessThan(500);
    }
    expect(sites).toBeGreaterThan(30);
    process.stdout.write(`fault sweep: ${sites} sites, ${runs} injected runs\n`);
  });
});
