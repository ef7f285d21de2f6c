// spapr.md 9.6: windows: where they lie, what they cost, how they go, and who shares them.

import { answer } from "../answer.ts";
import { CONTAINER } from "../bench.ts";
import { type Case, type Step, step } from "../case.ts";
import { request } from "../encode.ts";
import { openDevice, openGroup, setContainer, unsetContainer } from "../steps/files.ts";
import { byPage, GIB, K, M, W1 } from "./places.ts";
import { create, createStruct, locked, map, register, remove, unmap, withNull } from "./steps.ts";
import { deviceReads, mark } from "./steps-dma.ts";
import { section } from "./table.ts";

type Row = Omit<Case, "section">;

const REG: Step = register({}, M, "0");
const AT_0 = "0 at 0x0";
const AT_59 = "0 at 0x800000000000000";

const CREATING: readonly Row[] = [
  {
    number: 87,
    title: "argsz, flags, NULL come before the default window",
    from: "V2",
    steps: [
      create(16, GIB, 1, "EINVAL", { argsz: 39 }),
      create(16, GIB, 1, "EINVAL", { flags: 1 }),
      withNull("CREATE", 19, "EFAULT"),
      locked(0),
    ],
  },
  {
    number: 88,
    title: "a page size that is not offered comes after it",
    from: "V2",
    steps: [create(13, GIB, 1, "EINVAL"), locked(({ window }) => window)],
  },
  {
    number: 89,
    title: "the first window lies at bit 59, and reserved fields stay",
    from: "V2",
    needs: ["bare metal"],
    steps: [
      create(16, GIB, 1, `${AT_59}, reserved 0xdead 0xbeef`, { reserved: [0xdead, 0xbeef] }),
      locked(({ window }) => window + 256),
    ],
  },
  {
    number: 90,
    title: "a third window, before any argument is looked at",
    from: "V2",
    steps: [
      create(16, GIB, 1, AT_59),
      create(16, GIB, 1, "ENOSPC"),
      create(13, GIB, 1, "ENOSPC"),
      create(16, GIB, 9, "ENOSPC"),
    ],
  },
  {
    number: 95,
    title: "sizes, levels and page sizes that cannot be leak nothing",
    from: "V2",
    needs: ["bare metal"],
    steps: [
      remove(0n, "0"),
      create(12, 3n * M, 1, "EINVAL"),
      create(12, 0n, 1, "EINVAL"),
      create(12, GIB, 0, "EINVAL"),
      create(12, GIB, 6, "EINVAL"),
      create(0, GIB, 1, "EINVAL"),
      create(63, GIB, 1, "EINVAL"),
      locked(0),
    ],
  },
  {
    number: 97,
    title: "a depth that cannot be addressed leaks its charge",
    from: "V2",
    needs: ["bare metal"],
    leak: (bench) => Number(byPage("48", "640")(bench)),
    steps: [
      remove(0n, "0"),
      create(16, 1n << 26n, 5, "EINVAL"),
      locked(({ page }) => (page === 4 ? 48 : 640)),
    ],
  },
  {
    number: 100,
    title: "a window whose place cannot be told exists nevertheless",
    from: "V2",
    needs: ["read-only memory"],
    steps: [createReadOnly("EFAULT"), create(16, GIB, 1, "ENOSPC")],
  },
];

const REMOVING: readonly Row[] = [
  {
    number: 91,
    title: "any address of a window removes it",
    from: "V2",
    steps: [
      create(16, GIB, 1, AT_59),
      remove(1n << 40n, "EINVAL"),
      remove(W1 + 0x1_2345n, "0"),
      remove(W1, "EINVAL"),
    ],
  },
  {
    number: 92,
    title: "the default window does not come back",
    from: "V2",
    steps: [
      create(16, GIB, 1, AT_59),
      remove(W1, "0"),
      remove(0n, "0"),
      remove(0n, "EINVAL"),
      REG,
      map({}, 0n, K, "ENXIO"),
    ],
  },
  {
    number: 94,
    title: "a default window that was never made",
    from: "V2",
    steps: [remove(0x1000n, "EINVAL"), remove(0n, "0"), remove(0n, "EINVAL"), locked(0)],
  },
  {
    number: 101,
    title: "a window of 64 KiB pages takes nothing smaller",
    from: "V2",
    needs: ["bare metal"],
    steps: [
      REG,
      remove(0n, "0"),
      create(16, GIB, 1, AT_0),
      map({}, 0n, K, "EINVAL"),
      unmap(0n, K, "EINVAL"),
      unmap(K, 0x1_0000n, "1"),
    ],
  },
  {
    number: 101.1,
    title: "a device inside a page of 64 KiB",
    from: "V2",
    needs: ["bare metal", "edu"],
    steps: [
      REG,
      openDevice("device"),
      mark("p", 1),
      remove(0n, "0"),
      create(16, GIB, 1, AT_0),
      create(12, GIB, 1, AT_59),
      map({}, 0n, M, byPage("EINVAL", "0")),
      deviceReads(0x1_3000n, byPage("nothing", "20"), { show: W1 }),
    ],
  },
];

const SHARED: Step[] = [
  openGroup("group 2", 1),
  setContainer("group 2", CONTAINER, "0"),
  openDevice("device 2", "fd", "", 1),
];

const SHARING: readonly Row[] = [
  {
    number: 102,
    title: "a group that joins has the windows and their mappings",
    from: "V2",
    needs: ["bare metal", "second group", "edu"],
    steps: [
      REG,
      mark("p", 1),
      map({}, 0x1_0000n, M, "0"),
      ...SHARED,
      deviceReads(0x1_0000n, "1", { device: "device 2" }),
    ],
  },
  {
    number: 104,
    title: "a group that leaves takes all mappings, and none of the windows",
    from: "V2",
    needs: ["bare metal", "second group", "edu"],
    steps: [
      REG,
      mark("p", 1),
      map({}, 0x1_0000n, M, "0"),
      ...SHARED,
      deviceReads(0x1_0000n, "1", { device: "device 2" }),
      unsetContainer("group", "0"),
      deviceReads(0x1_0000n, "nothing", { device: "device 2" }),
      locked(({ window }) => window + 1024),
      setContainer("group", CONTAINER, "0"),
      openDevice("device"),
      map({}, 0x1_0000n, M, "0"),
      deviceReads(0x1_0000n, "1"),
      deviceReads(0x1_0000n, "1", { device: "device 2" }),
    ],
  },
  {
    number: 105,
    title: "beyond the end of a window of two levels",
    from: "V2",
    needs: ["bare metal", "edu"],
    steps: [
      REG,
      openDevice("device"),
      mark("p", 1),
      create(12, GIB, 2, AT_59),
      map({}, W1 + 0x5000n, K, "0"),
      deviceReads(W1 + GIB + 0x5000n, byPage("1", "nothing")),
      deviceReads(W1 + (1n << 38n) + 0x5000n, "1"),
    ],
  },
];

export const WINDOW_CASES: readonly Case[] = section("9.6", [...CREATING, ...REMOVING, ...SHARING]);

function createReadOnly(expected: string): Step {
  return step("CREATE(16, 1 GiB, 1) in read-only memory", expected, (bench) => {
    const bytes = createStruct(bench, { shift: 16, size: GIB, levels: 1 });
    const memory = bench.abilities.readOnly?.(bytes);
    if (memory === undefined) return "no read-only memory";
    bench.keepMemory("read-only", memory);
    const number = request(bench.port.abi, 19);
    return answer(bench.port.ioctl(bench.fd(CONTAINER), number, Number(memory.address)));
  });
}
