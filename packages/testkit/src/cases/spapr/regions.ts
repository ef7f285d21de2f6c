// spapr.md 9.5: registered memory: references, orphans, what can be pinned, and page sizes.

import type { Bench } from "../bench.ts";
import type { Case, Step } from "../case.ts";
import { mapRegion, setCommand } from "../steps/device.ts";
import {
  openContainer,
  openDevice,
  openGroup,
  setContainer,
  setIommu,
  unsetContainer,
} from "../steps/files.ts";
import { byPage, byPlatform, GIB, HUGE, K, M, W1 } from "./places.ts";
import {
  create,
  locked,
  map,
  memoryP,
  PAGE,
  pages,
  register,
  remove,
  unmap,
  unregister,
  withNull,
} from "./steps.ts";
import { privateFile, sharedFile } from "./steps-file.ts";
import { joinPages, leaveMapped, mapAgain, neighbours } from "./steps-memory.ts";
import { section } from "./table.ts";

type Row = Omit<Case, "section">;

const REG: Step = register({}, M, "0");
const LOW = 0x1_0000n;
const TOP = 1n << 64n;
const C2 = { container: "container 2" };
/** A window of 64 KiB pages where the default one was. */
const WINDOW_64K: readonly Step[] = [
  remove(0n, "0"),
  create(16, GIB, 1, byPlatform("0 at 0x0", "0 at 0x800000000000000")),
];
const SECOND: readonly Step[] = [
  openContainer("container 2"),
  openGroup("group 2", 1),
  setContainer("group 2", "container 2", "0"),
  setIommu(7, "0", "container 2"),
];

const CHECKS: readonly Row[] = [
  { number: 59, title: "UNREG first of all", from: "V2", steps: [unregister({}, M, "EPERM")] },
  {
    number: 60,
    title: "UNREG of what nobody registered",
    from: "V2",
    steps: [create(16, GIB, 1, "0 at 0x800000000000000"), unregister({}, M, "ENOENT")],
  },
  {
    number: 61,
    title: "alignment, size 0, and the end of the address space",
    from: "V2",
    steps: [
      register({ offset: 1n }, PAGE, "EINVAL"),
      register({}, 100n, "EINVAL"),
      register({}, 0n, "ENOMEM"),
      register({ address: TOP - 0x1_0000n }, 0x1_0000n, "EINVAL"),
      register({ address: TOP - 0x1_0000n }, 0x2_0000n, "EINVAL"),
    ],
  },
  {
    number: 62,
    title: "memory that is not there",
    from: "V2",
    steps: [register({ address: LOW }, PAGE, "EFAULT"), locked(0)],
  },
  {
    number: 64,
    title: "a later page that cannot be pinned: how many came before it",
    from: "V2",
    steps: [
      neighbours("area", [{ count: 2 }, { count: 1, protection: "read" }, { count: 1 }]),
      register({ memory: "area" }, pages(4n), "2"),
      locked(0),
    ],
  },
  {
    number: 65,
    title: "a first page that cannot be pinned",
    from: "V2",
    steps: [
      neighbours("hole", [{ count: 1, kind: "hole" }, { count: 3 }]),
      register({ memory: "hole 1" }, pages(3n), "0"),
      neighbours("read", [{ count: 4, protection: "read" }]),
      register({ memory: "read" }, pages(4n), "EFAULT"),
      neighbours("none", [{ count: 4, protection: "none" }]),
      register({ memory: "none" }, pages(4n), "EFAULT"),
      openDevice("device"),
      setCommand(2),
      mapRegion("BAR", 0, "mapped", { length: 0x1_0000 }),
      register({ memory: "BAR" }, PAGE, "EFAULT"),
    ],
  },
  {
    number: 65.1,
    title: "a shared file that may only be read",
    from: "V2",
    needs: ["memory file"],
    steps: [sharedFile("file", "read"), register({ memory: "file" }, PAGE, "EFAULT")],
  },
  {
    number: 66,
    title: "a private mapping of a file, and shared anonymous memory",
    from: "V2",
    needs: ["memory file"],
    steps: [
      privateFile("file"),
      register({ memory: "file" }, PAGE, "0"),
      neighbours("shared", [{ count: 1, kind: "shared" }]),
      register({ memory: "shared" }, PAGE, "0"),
    ],
  },
  {
    number: 70,
    title: "argsz, flags, NULL",
    from: "V2",
    steps: [
      register({}, M, "EINVAL", { argsz: 23 }),
      register({}, M, "EINVAL", { flags: 1 }),
      register({}, M, "0", { argsz: 200 }),
      withNull("REG", 17, "EFAULT"),
    ],
  },
];

const REFERENCES: readonly Row[] = [
  {
    number: 67,
    title: "the same registration twice",
    from: "V2",
    steps: [REG, register({}, M, "EBUSY"), locked(1024)],
  },
  {
    number: 69,
    title: "only the exact range can be unregistered",
    from: "V2",
    steps: [
      neighbours("area", [{ count: 4 }]),
      register({ memory: "area" }, pages(2n), "0"),
      register({ memory: "area", offset: pages(2n) }, pages(2n), "0"),
      unregister({ memory: "area" }, PAGE, "ENOENT"),
      unregister({ memory: "area" }, pages(4n), "ENOENT"),
      unregister({}, M, "ENOENT"),
    ],
  },
  {
    number: 71,
    title: "UNREG under a mapping answers 0 and leaves an orphan",
    from: "V2",
    leak: () => 1024,
    steps: [
      REG,
      map({}, 0n, K, "0"),
      unregister({}, M, "0"),
      locked(({ window }) => 1024 + window),
      map({ offset: K }, K, K, "0"),
      unregister({}, M, "ENOENT"),
      leaveMapped("p"),
    ],
  },
  {
    number: 73,
    title: "one page at two addresses, one of them replaced",
    from: "V2",
    steps: [
      REG,
      map({}, 0n, K, "0"),
      map({}, K, K, "0"),
      map({ offset: K }, 0n, K, "0"),
      unmap(0n, 2n * K, "0"),
      unregister({}, M, "0"),
      locked(({ window }) => window),
    ],
  },
  {
    number: 75,
    title: "two containers share a region and its charge",
    from: "V2",
    needs: ["second group"],
    steps: [
      ...SECOND,
      REG,
      register({}, M, "0", C2),
      locked(1024),
      register({}, M / 2n, "EINVAL", C2),
    ],
  },
  {
    number: 77,
    title: "and it is freed with the last of them",
    from: "V2",
    needs: ["second group"],
    steps: [
      ...SECOND,
      REG,
      register({}, M, "0", C2),
      map({}, 0n, K, "0"),
      map({}, 0n, K, "0", C2),
      unregister({}, M, "0"),
      map({}, K, K, "0"),
      unmap(0n, 2n * K, "0"),
      unmap(0n, K, "0", C2),
      unregister({}, M, "0", C2),
      map({}, 0n, K, "EINVAL", C2),
      locked(({ window }) => 2 * window),
    ],
  },
  {
    number: 78,
    title: "munmap does not unregister",
    from: "V2",
    steps: [REG, mapAgain("p", M), map({}, 0n, K, "0"), register({}, M, "EBUSY")],
  },
  {
    number: 79,
    title: "a region goes with its container",
    from: "V2",
    steps: [
      REG,
      map({}, 0n, K, "0"),
      unsetContainer("group", "0"),
      locked(0),
      setContainer("group", "container", "0"),
      setIommu(7, "0"),
      register({}, M / 2n, "0"),
    ],
  },
  {
    number: 80,
    title: "an orphan survives its container",
    from: "V2",
    leak: () => 1024,
    steps: [
      REG,
      map({}, 0n, K, "0"),
      unregister({}, M, "0"),
      unsetContainer("group", "0"),
      locked(1024),
      setContainer("group", "container", "0"),
      setIommu(7, "0"),
      REG,
      locked(1024),
      register({}, M / 2n, "EINVAL"),
      leaveMapped("p"),
    ],
  },
];

const HUGE_PAGES: readonly Row[] = [
  {
    number: 82,
    title: "a region that begins 4 KiB into a huge page",
    from: "V2",
    needs: ["huge pages", "LPAR"],
    steps: [
      ...WINDOW_64K,
      neighbours("huge", [{ count: 1, kind: "huge" }]),
      register({ memory: "huge", offset: K }, HUGE - K, "0"),
      map({ memory: "huge", offset: LOW }, W1, LOW, "EINVAL"),
    ],
  },
  {
    number: 83,
    title: "a region aligned to 1 MiB in huge pages: windows of 64 KiB, not of 2 MiB",
    from: "V2",
    needs: ["huge pages", "LPAR"],
    steps: [
      ...WINDOW_64K,
      neighbours("huge", [{ count: 2, kind: "huge" }]),
      register({ memory: "huge", offset: M }, HUGE + M, "0"),
      map({ memory: "huge", offset: M }, W1, LOW, "0"),
      remove(W1, "0"),
      create(21, 1n << 36n, 1, "0 at 0x800000000000000"),
      map({ memory: "huge", offset: HUGE }, W1, HUGE, "EINVAL"),
    ],
  },
  {
    number: 84,
    title: "huge pages first, ordinary ones after: the page size of the first",
    from: "V2",
    needs: ["huge pages", "LPAR"],
    steps: [
      joinPages("never"),
      ...WINDOW_64K,
      neighbours("both", [{ count: 1, kind: "huge" }, { count: 512 }]),
      register({ memory: "both" }, 2n * HUGE, "0"),
      map({ memory: "both" }, W1, LOW, "0"),
      map({ memory: "both", offset: HUGE }, W1 + HUGE, LOW, "EPERM"),
      map({ memory: "both", offset: HUGE - LOW }, W1, 2n * LOW, "EPERM"),
    ],
  },
  {
    number: 85,
    title: "pages that the kernel joined by itself are small pages",
    from: "V2",
    needs: ["LPAR"],
    steps: [
      joinPages("always"),
      ...WINDOW_64K,
      neighbours("joined", [{ count: 1024 }]),
      register({ memory: "joined" }, pages(1024n), "0"),
      map({ memory: "joined", offset: toNext("joined", HUGE) }, W1, LOW, "EINVAL"),
    ],
  },
  {
    number: 86,
    title: "ordinary memory in a window of 64 KiB pages",
    from: "V2",
    needs: ["bare metal"],
    steps: [...WINDOW_64K, REG, map({ offset: toNext("p", LOW) }, 0n, LOW, byPage("EINVAL", "0"))],
  },
];

export const REGION_CASES: readonly Case[] = section("9.5", [
  ...CHECKS,
  ...REFERENCES,
  ...HUGE_PAGES,
]);

/** Bytes up to the first place in memory that a page of this size can begin at. */
function toNext(memory: string, size: bigint): (bench: Bench) => bigint {
  return (bench) => (size - (memoryP(bench, memory) % size)) % size;
}
