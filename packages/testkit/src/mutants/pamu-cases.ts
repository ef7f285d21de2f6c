// What a PAMU's backend owes to those who trust it, asked where the vendor's driver answers 0 to all.
//
// For the hunt: each case throws when the library tells, or lets through, what is not so. The key of the
// backend's own controls comes from whoever has the backend.

import {
  type Container,
  createIommu,
  type DmaAccess,
  type ExtensionKey,
  type IommuBackend,
  IommuError,
  iova,
} from "@iommukit/core";
import { PamuDriver } from "../kernel/iommu/pamu/driver.ts";
import type { Machine } from "../machines/machine.ts";
import { pamu } from "../machines/pamu.ts";
import { type SimulatedHost, simulatedHost } from "../machines/simulated-host.ts";

/** The controls that the cases use; `@iommukit/fsl-pamu` has them under its key. */
export interface PamuControls {
  mapMsiBank(bank: number, at: ReturnType<typeof iova>): void;
  unmapMsiBank(bank: number): void;
  resume(how?: "enable" | "remap"): void;
  setStash(target: { readonly cpu: number; readonly cache: "L1" | "L2" | "L3" }): void;
}

/** One world of a case. */
interface Stage {
  readonly host: SimulatedHost;
  readonly driver: PamuDriver;
  readonly container: Container;
  readonly controls: PamuControls;
  /** A page of its own at a window of the aperture. */
  map(window: number, access?: DmaAccess): Uint8Array;
}

export interface PamuCase {
  readonly name: string;
  readonly mode: "strict" | "sdk-compat";
  run(stage: Stage): void;
}

const DEVICE = "0000:00:02.0";
const OTHER_DEVICE = "0000:00:03.0";
const PAGE = 4096;
const LIODN = 0x10;
const SECONDARY_ENTRIES = 2048;

export const PAMU_CASES: readonly PamuCase[] = [
  {
    name: "a refusal that the driver swallows is told",
    mode: "sdk-compat",
    run({ driver, map }) {
      while (driver.tables.pool.allocate(1) !== undefined);
      demandError("kernel-refused", () => map(0));
    },
  },
  {
    name: "the window of an MSI bank takes no RAM, and stays",
    mode: "sdk-compat",
    run({ controls, driver, map }) {
      map(0);
      controls.mapMsiBank(1, iova(5 * PAGE));
      demandError("already-mapped", () => map(5));
      demand(isWindowValid(driver, 5), "the bank's window is gone");
    },
  },
  {
    name: "an MSI bank reaches its alias, and no longer once it is unmapped",
    mode: "sdk-compat",
    run({ controls, driver, map, host }) {
      map(0);
      controls.mapMsiBank(1, iova(5 * PAGE));
      host.dma(DEVICE).write(BigInt(5 * PAGE + 0x148), Uint8Array.of(9, 0, 0, 0));
      const [raised] = driver.messages.takeRaised();
      demand(raised?.bank === 1 && raised.vector === 9, "no interrupt arrived");
      controls.unmapMsiBank(1);
      demand(!isWindowValid(driver, 5), "the bank's window is still there");
      map(5);
    },
  },
  {
    name: "a device that was cut off is let go on",
    mode: "sdk-compat",
    run({ controls, host, map }) {
      map(0);
      demand(!reaches(host, DEVICE, 9 * PAGE), "an unmapped window is reached");
      demand(!reaches(host, DEVICE, 0), "the device was not cut off");
      controls.resume();
      demand(reaches(host, DEVICE, 0), "the device is still cut off");
      demand(!reaches(host, DEVICE, 255 * PAGE), "resuming left a window behind");
    },
  },
  {
    name: "a device that a strict kernel cut off is let go on",
    mode: "strict",
    run({ controls, host, map }) {
      const first = map(0);
      map(7);
      first[1] = 0x5a;
      reaches(host, DEVICE, 9 * PAGE);
      controls.resume("remap");
      const seen = new Uint8Array(1);
      host.dma(DEVICE).read(1n, seen);
      demand(seen[0] === 0x5a, "the device is still cut off, or meets other memory");
      demand(reaches(host, DEVICE, 7 * PAGE), "a mapping is missing");
    },
  },
  {
    name: "a group that joins later reaches what is mapped",
    mode: "sdk-compat",
    run({ container, host, map }) {
      map(0);
      container.control.attach(3);
      demand(reaches(host, OTHER_DEVICE, 0), "the late group's device is blocked");
    },
  },
  {
    name: "a CPU that is not there takes no stash",
    mode: "sdk-compat",
    run({ controls, driver, map }) {
      map(0);
      demandError("invalid-argument", () => controls.setStash({ cpu: 999, cache: "L1" }));
      demand(driver.tables.primary.word(LIODN, 3) >>> 16 === 0, "a cache id was written");
    },
  },
  {
    name: "a container costs only what it gives back",
    mode: "sdk-compat",
    run({ container, driver, map }) {
      map(0);
      container.close();
      demand(driver.tables.pool.inUse === 0, `${driver.tables.pool.inUse} entries are lost`);
    },
  },
  {
    name: "before anything is mapped a device reaches nothing",
    mode: "sdk-compat",
    run({ host }) {
      const [run] = host.memory.allocate(1, "contiguous").runs;
      const physical = (run?.firstFrame ?? 0) * PAGE;
      demand(!reaches(host, DEVICE, physical), "the boot-time window is open");
    },
  },
  {
    name: "what is mapped for reading cannot be written",
    mode: "sdk-compat",
    run({ driver, map }) {
      map(0, "read");
      map(1, "write");
      map(2, "read-write");
      const rights = [
        driver.tables.primary.word(LIODN, 1),
        driver.tables.secondary.word(0, 1),
        driver.tables.secondary.word(1, 1),
      ].map((word) => (word >>> 3) & 3);
      demand(rights.join(" ") === "1 2 3", `AP is ${rights.join(" ")}`);
    },
  },
];

/** Runs one case; throws when it does not hold. */
export function runPamuCase(
  each: PamuCase,
  backend: IommuBackend,
  key: ExtensionKey<PamuControls>,
  wrap: (machine: Machine) => Machine = (machine) => machine,
): void {
  const host = simulatedHost(wrap(pamu({ mode: each.mode, release: "sdk-2.0" })));
  const driver = host.kernel.groups[0]?.iommu;
  if (!(driver instanceof PamuDriver)) throw new Error("this machine has no PAMU");
  const iommu = createIommu(host.port);
  const container = iommu.openContainer({ groups: [2], backends: [backend] });
  const map: Stage["map"] = (window, access = "read-write") => {
    const memory = iommu.allocate(PAGE);
    container.dma.map(iova(window * PAGE), memory.address, memory.size, access);
    return memory.bytes;
  };
  each.run({ host, driver, container, controls: container.extension(key), map });
}

function reaches(host: SimulatedHost, device: string, address: number): boolean {
  return host.dma(device).read(BigInt(address), new Uint8Array(1)).moved === 1;
}

/** Whether the secondary entry of a window of LIODN 0x10 is valid. */
function isWindowValid({ tables }: PamuDriver, window: number): boolean {
  const index = tables.primary.word(LIODN, 6) + window - 1;
  return index < SECONDARY_ENTRIES && (tables.secondary.word(index, 1) & 1) === 1;
}

function demand(holds: boolean, why: string): void {
  if (!holds) throw new Error(why);
}

function demandError(code: string, action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (error instanceof IommuError && error.code === code) return;
    throw error;
  }
  throw new Error(`nothing was refused where ${code} is due`);
}
