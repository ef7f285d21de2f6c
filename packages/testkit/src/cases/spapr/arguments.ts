// spapr.md 9.4: arguments of MAP and UNMAP, from version 2 with registered memory unless a case says otherwise.

import type { Case, Step } from "../case.ts";
import { openDevice } from "../steps/files.ts";
import { byPlatform, GIB, K, M, W1 } from "./places.ts";
import { create, locked, map, pages, register, unmap, unregister, withNull } from "./steps.ts";
import { deviceReads, deviceWrites, mark } from "./steps-dma.ts";
import { neighbours } from "./steps-memory.ts";
import { section } from "./table.ts";

const REG: Step = register({}, M, "0");
const NO_FLAGS = { flags: 0 };
const READ = { flags: 1 };
const WRITE = { flags: 2 };
const LAST_OF_2_GIB = 0x7fff_f000n;
const LAST_OF_1_GIB = 0x3fff_f000n;
const NOWHERE = 0x10_0000n;

const ENABLING: readonly Omit<Case, "section">[] = [
  {
    number: 36,
    title: "before the first registration",
    from: "V2",
    steps: [map({}, 0n, K, "EPERM"), unmap(0n, K, "EPERM")],
  },
  {
    number: 37,
    title: "windows do not enable, only a registration does",
    from: "V2",
    needs: ["bare metal"],
    steps: [create(16, GIB, 1, "0 at 0x800000000000000"), map({}, 0n, K, "EPERM")],
  },
  {
    number: 38,
    title: "a registration that fails does not enable",
    from: "V2",
    steps: [register({}, 0n, "ENOMEM"), map({}, 0n, K, "EPERM")],
  },
  {
    number: 39,
    title: "the end of the last registration does not disable",
    from: "V2",
    steps: [REG, unregister({}, M, "0"), map({}, 0n, K, "EINVAL"), unmap(0n, K, "0")],
  },
];

const MAPPING: readonly Omit<Case, "section">[] = [
  {
    number: 40,
    title: "a refused MAP makes the default window all the same",
    from: "V2",
    steps: [
      REG,
      locked(1024),
      map({}, 0n, K, "EINVAL", NO_FLAGS),
      locked(({ window }) => 1024 + window),
    ],
  },
  {
    number: 41,
    title: "unknown flags make no window",
    from: "V2",
    steps: [REG, map({}, 0n, K, "EINVAL", { flags: 4 }), locked(1024)],
  },
  {
    number: 42,
    title: "an unaligned bus address answers 1",
    from: "V2",
    steps: [REG, map({}, 0x800n, K, "1")],
  },
  {
    number: 43,
    title: "no flags come before an unaligned bus address",
    from: "V2",
    steps: [REG, map({}, 0x800n, K, "EINVAL", NO_FLAGS)],
  },
  {
    number: 44,
    title: "unaligned sizes and addresses of memory",
    from: "V2",
    steps: [
      REG,
      map({}, 0n, K + 1n, "EINVAL"),
      map({ offset: 1n }, 0n, K, "EINVAL"),
      map({ offset: 1n }, 0x800n, K, "EINVAL"),
    ],
  },
  {
    number: 45,
    title: "addresses of no window",
    from: "V2",
    steps: [
      REG,
      map({}, 0x8000_0000n, K, "ENXIO"),
      map({}, W1, K, "ENXIO"),
      map({}, (1n << 64n) - K, K, "ENXIO"),
    ],
  },
  {
    number: 46,
    title: "the last page of the default window",
    from: "V2",
    steps: [
      REG,
      map({}, LAST_OF_1_GIB, K, "0"),
      map({}, LAST_OF_2_GIB, K, byPlatform("0", "ENXIO")),
    ],
  },
  {
    number: 47,
    title: "nothing is mapped of size 0, whatever the memory",
    from: "V2",
    steps: [REG, map({}, 0n, 0n, "0"), map({ address: NOWHERE }, 0n, 0n, "0")],
  },
  {
    number: 48,
    title: "argsz",
    from: "V2",
    steps: [
      REG,
      map({}, 0n, K, "EINVAL", { argsz: 31 }),
      map({}, 0n, K, "0", { argsz: 100 }),
      withNull("MAP", 13, "EFAULT"),
    ],
  },
  {
    number: 49,
    title: "memory that is not registered",
    from: "V2",
    steps: [REG, map({ offset: 2n * M }, 0n, K, "EINVAL")],
  },
  {
    number: 50,
    title: "a MAP that fails clears what it replaced, and leaves what it did not reach",
    from: "V2",
    needs: ["edu"],
    steps: [
      REG,
      openDevice("device"),
      mark("p", 1),
      neighbours("q", [{ count: 2 }]),
      mark("q", 200),
      register({ memory: "q" }, pages(1n), "0"),
      map({}, 0n, 0x2_0000n, "0"),
      map({ memory: "q" }, 0n, 0x2_0000n, "EINVAL"),
      deviceReads(0n, "nothing"),
      deviceReads(0x1_1000n, "18"),
    ],
  },
  {
    number: 55,
    title: "a range over two neighbouring regions",
    from: "V2",
    steps: [
      neighbours("area", [{ count: 2 }]),
      register({ memory: "area" }, pages(1n), "0"),
      register({ memory: "area", offset: pages(1n) }, pages(1n), "0"),
      map({ memory: "area" }, 0n, 0x2000n, "0"),
      map({ memory: "area", offset: pages(1n) }, 0x2000n, K, "0"),
    ],
  },
  {
    number: 57,
    title: "WRITE alone can be read on bare metal",
    from: "V2",
    needs: ["edu"],
    steps: [
      REG,
      openDevice("device"),
      mark("p", 1),
      map({}, 0x2000n, K, "0", WRITE),
      deviceReads(0x2000n, byPlatform("1", "nothing")),
    ],
  },
  {
    number: 58,
    title: "READ alone cannot be written",
    from: "V2",
    needs: ["edu"],
    steps: [
      REG,
      openDevice("device"),
      map({}, 0x2000n, K, "0", READ),
      deviceWrites(0x2000n, "p", 0, "lost"),
      map({}, 0x2000n, K, "0"),
      deviceWrites(0x2000n, "p", 0, "written"),
    ],
  },
];

const UNMAPPING: readonly Omit<Case, "section">[] = [
  {
    number: 51,
    title: "an unaligned bus address answers 1, of size 0 too",
    from: "V2",
    steps: [REG, unmap(0x800n, K, "1"), unmap(1n, 0n, "1")],
  },
  {
    number: 52,
    title: "flags, argsz and size",
    from: "V2",
    steps: [
      REG,
      unmap(0n, K, "EINVAL", { flags: 1 }),
      unmap(0n, 0n, "EINVAL", { flags: 2 }),
      unmap(0n, K, "EINVAL", { argsz: 23 }),
      unmap(0n, 100n, "EINVAL"),
    ],
  },
  {
    number: 53,
    title: "what was never mapped, and nothing at all",
    from: "V2",
    steps: [REG, unmap(0n, M, "0"), unmap(0n, 0n, "0")],
  },
];

export const ARGUMENT_CASES: readonly Case[] = section("9.4", [
  ...ENABLING,
  ...MAPPING,
  ...UNMAPPING,
]);
