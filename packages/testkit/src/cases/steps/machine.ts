// What an administrator does, and processes: parameters, drivers, forks, files, places.

import { answer } from "../answer.ts";
import { type Bench, CONTAINER, GROUP, P } from "../bench.ts";
import { type Step, step } from "../case.ts";
import { request, struct } from "../encode.ts";
import { driverOf, findSharedGroup, type SharedGroup } from "../shared-group.ts";
import { rangesOf } from "./info.ts";

const PARAMETERS = "/sys/module/vfio_iommu_type1/parameters";
const TOP = 2n ** 64n;
const PAGE = BigInt(P);

/** A parameter of vfio_iommu_type1. */
export function setParameter(name: string, value: string): Step {
  return step(`${name} = ${value}`, "written", (bench) => {
    const written = bench.setParameter(`${PARAMETERS}/${name}`, value);
    return written < 0 ? answer(written) : "written";
  });
}

export function fork(limit?: { readonly lockedPages: number }): Step {
  const text = limit === undefined ? "" : `, ${limit.lockedPages} pages may be locked`;
  return step(`fork${text}`, "child", (bench) => {
    bench.fork(limit?.lockedPages);
    return "child";
  });
}

export function exitChild(): Step {
  return step("child exits", "gone", (bench) => {
    bench.exitChild();
    return "gone";
  });
}

/** Closes a descriptor in the parent only; the child's copy of the file stays. */
export function closeInParent(name: string): Step {
  return step(`close(${name}) in the parent`, "0", (bench) =>
    answer(bench.port.close(bench.fd(name))),
  );
}

/** A file of so many pages, all of them mapped as `file`; then cut down to `left`. */
export function shortenedFile(length: number, left: number): Step {
  return step(`file of ${length} pages, mapped, cut to ${left}`, "mapped", (bench) => {
    const file = bench.memoryFile(length * P);
    const fd = bench.open("file", file.path);
    bench.addMemory("file", length * P, { fd, shared: true });
    file.truncate(left * P);
    return "mapped";
  });
}

/** UNMAP whose struct the kernel may read but not write. */
export function unmapReadOnly(at: bigint, size: bigint, expected: string): Step {
  return step("unmap by a struct in read-only memory", expected, (bench) => {
    const { abi } = bench.port;
    const bytes = struct(abi, 24, [
      [0, 4, 24],
      [8, 8, at],
      [16, 8, size],
    ]);
    const memory = bench.abilities.readOnly?.(bytes);
    if (memory === undefined) return "no read-only memory";
    bench.keepMemory("read-only", memory);
    const fd = bench.fd(CONTAINER);
    return answer(bench.port.ioctl(fd, request(abi, 14), Number(memory.address)));
  });
}

/** Gives the members of a shared group to drivers: vfio-pci and what the case wants of the other. */
export function shareGroup(other: "ordinary driver" | "no driver"): Step {
  return step(`a group with one vfio-pci member and one with ${other}`, "bound", (bench) => {
    const shared = sharedGroup(bench);
    const [first, second] = [shared.member, shared.other].map((address) => ({
      address,
      original: driverOf(bench.port, address),
    }));
    if (first === undefined || second === undefined) return "no shared group";
    const driver = other === "no driver" ? undefined : shared.driver;
    const given = bench.give(second.address, driver, second.original);
    if (given < 0) return answer(given);
    const taken = bench.give(first.address, "vfio-pci", first.original);
    return taken < 0 ? answer(taken) : "bound";
  });
}

export function openSharedGroup(): Step {
  return step("open the shared group", "fd", (bench) => {
    bench.open(CONTAINER, "/dev/vfio/vfio");
    return bench.openGroup(GROUP, sharedGroup(bench).group) < 0 ? "none" : "fd";
  });
}

/** What the kernel says when an ordinary driver is to take the other member. */
export function bindOther(expected: string): Step {
  return step("bind an ordinary driver to the other member", expected, (bench) => {
    const { other, driver } = sharedGroup(bench);
    return answer(bench.give(other, driver, undefined));
  });
}

/** The start of the MSI window and `offset` bytes on. */
export function msiStart(offset: bigint): (bench: Bench) => bigint {
  return (bench) => (bench.msiWindow()?.first ?? 0n) + offset;
}

export function msiEnd(offset: bigint): (bench: Bench) => bigint {
  return (bench) => (bench.msiWindow()?.last ?? 0n) + 1n + offset;
}

/** The last page of the highest range that ends below 2^64: mappings up to there are lost (2.10). */
export function lastValidPage(offset: bigint): (bench: Bench) => bigint {
  return (bench) => {
    const last = rangesOf(bench)
      .map((range) => range.last)
      .filter((each) => each !== TOP - 1n)
      .at(-1);
    return (last ?? 0n) + 1n - PAGE + offset;
  };
}

function sharedGroup(bench: Bench): SharedGroup {
  const known = bench.shared ?? findSharedGroup(bench.port);
  if (known === undefined) throw new Error("there is no shared group");
  bench.shared = known;
  return known;
}
