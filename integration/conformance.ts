// The conformance suite as a program: the same cases on every target, simulated or real, and under
// every version of its IOMMU type that the kernel has.
// facts differ by target: what an IOMMU does not offer is not claimed there.
//
// npx iommukit run integration/conformance.ts --on qemu/vtd,qemu/amdvi,qemu/virtio-iommu

import { createIommu, type IommuBackend, isIommuError } from "@iommukit/core";
import type { Host } from "@iommukit/lab";
import { spaprTce } from "@iommukit/spapr-tce";
import { CONFORMANCE_CASES, notClaimed, runCase } from "@iommukit/testkit/conformance";
import { type1 } from "@iommukit/type1-x86";

/** Cases that cannot hold under a version, each with the reason. */
type Excluded = Readonly<Record<string, string>>;

interface Version {
  readonly backend: () => IommuBackend;
  readonly excluded?: Excluded;
}

const X86: readonly Version[] = [
  { backend: () => type1() },
  { backend: () => type1({ version: 1 }) },
];
const LPAR: Excluded = {
  "lifecycle: a second group reaches the same mappings":
    "an LPAR's windows belong to one group: a second is not-offered",
};
const POWER: readonly Version[] = [
  { backend: () => spaprTce({ version: 2 }) },
  {
    backend: () => spaprTce({ version: 1 }),
    excluded: {
      "lifecycle: a second group reaches the same mappings":
        "v1 takes one group: SET_CONTAINER of a second is EBUSY",
      "mapping: read-only memory is not mapped for writing":
        "v1 pins every page for writing, so read-only memory is refused for read as well",
    },
  },
];

export default async function conformance(host: Host): Promise<void> {
  const broken: string[] = [];
  let conforming = 0;
  for (const version of versionsOf(host)) {
    const { name } = version.backend();
    const reason = notUsable(host, version.backend());
    if (reason === undefined) {
      broken.push(...(await conforms(host, version)));
      conforming++;
    } else host.log({ backend: name, notUsable: reason });
  }
  if (conforming === 0) throw new Error("no version of an IOMMU type is usable here");
  host.log({ broken: broken.length, lockedKilobytes: locked(host) });
  if (broken.length > 0)
    throw new Error(`${broken.length} conformance cases broken: ${broken.join("; ")}`);
}

function versionsOf({ port, target }: Host): readonly Version[] {
  if (port.abi.arch === "x86_64") return X86;
  if (!/pseries/.test(target)) return POWER;
  return POWER.map(({ backend, excluded }) => ({ backend, excluded: { ...LPAR, ...excluded } }));
}

async function conforms(host: Host, { backend, excluded = {} }: Version): Promise<string[]> {
  const broken: string[] = [];
  const counts = { ok: 0, notClaimed: 0 };
  const { name } = backend();
  for (const each of CONFORMANCE_CASES) {
    const unclaimed = excluded[each.name] ?? notClaimed(each, host, backend());
    if (unclaimed !== undefined) {
      counts.notClaimed++;
      host.log({ backend: name, case: each.name, notClaimed: unclaimed });
      continue;
    }
    try {
      await runCase(each, host, backend());
      counts.ok++;
      host.log({ backend: name, case: each.name, ok: true });
    } catch (error) {
      broken.push(`${name}: ${each.name}`);
      const why = error instanceof Error ? error.message : error;
      host.log({ backend: name, case: each.name, ok: false, why });
    }
  }
  host.log({ backend: name, cases: CONFORMANCE_CASES.length, ...counts, broken: broken.length });
  return broken;
}

/** Why the kernel does not take the first group under this version; undefined when it does. */
function notUsable({ port, devices }: Host, backend: IommuBackend): string | undefined {
  const groups = devices.slice(0, 1).map(({ group }) => group);
  try {
    // Asked is whether the kernel has the version; interrupts are not what the cases are about.
    const accept = ["unsafe-interrupts"] as const;
    createIommu(port)
      .openContainer({ groups, backends: [backend], accept })
      .close();
    return undefined;
  } catch (error) {
    if (isIommuError(error, "no-backend")) return error.message;
    throw error;
  }
}

/** VmLck of the process: every pinned page must be given back by now. */
function locked(host: Host): string | undefined {
  const status = host.port.readText("/proc/self/status");
  return typeof status === "string" ? /^VmLck:\s+(\d+) kB$/m.exec(status)?.[1] : undefined;
}
