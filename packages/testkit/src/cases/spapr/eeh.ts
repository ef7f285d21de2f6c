// spapr.md 9.7: error handling of a PE, on a bridge that never freezes.

import { answer } from "../answer.ts";
import { CONTAINER } from "../bench.ts";
import { type Case, type Step, step } from "../case.ts";
import { struct } from "../encode.ts";
import { byPlatform } from "./places.ts";
import { withNull } from "./steps.ts";
import { section } from "./table.ts";

interface Operation {
  readonly op: number;
  readonly argsz?: number;
  readonly flags?: number;
  readonly type?: number;
  readonly func?: number;
}

function eeh(operation: Operation, expected: Step["expected"]): Step {
  const { op, argsz = 40, flags = 0, type = 0, func = 0 } = operation;
  const shown = Object.entries(operation).map(([name, value]) => `${name} ${value}`);
  return step(`EEH ${shown.join(", ")}`, expected, (bench) =>
    answer(
      bench.call(
        CONTAINER,
        21,
        struct(bench.port.abi, 40, [
          [0, 4, argsz],
          [4, 4, flags],
          [8, 4, op],
          [16, 4, type],
          [20, 4, func],
        ]),
      ),
    ),
  );
}

export const EEH_CASES: readonly Case[] = section("9.7", [
  {
    number: 106,
    title: "argsz, flags, NULL, unknown operations",
    from: "V2",
    needs: ["bare metal"],
    steps: [
      eeh({ op: 4, argsz: 12 }, "0"),
      eeh({ op: 4, argsz: 11 }, "EINVAL"),
      eeh({ op: 4, flags: 1 }, "EINVAL"),
      withNull("EEH", 21, "EFAULT"),
      eeh({ op: 10 }, "EINVAL"),
      eeh({ op: 11 }, "EINVAL"),
    ],
  },
  {
    number: 107,
    title: "injecting: argsz, function and type",
    from: "V2",
    needs: ["bare metal"],
    steps: [
      eeh({ op: 9, argsz: 39 }, "EINVAL"),
      eeh({ op: 9, func: 20 }, "EINVAL"),
      eeh({ op: 9, func: 0xffff_ffff }, "EINVAL"),
      eeh({ op: 9, type: 2 }, "ERANGE"),
    ],
  },
  {
    number: 108,
    title: "operations on a healthy PE, and both resets",
    from: "V2",
    needs: ["bare metal"],
    steps: [
      ...[0, 1, 2, 3, 8].map((op) => eeh({ op }, "0")),
      ...[6, 5, 7, 5].map((op) => eeh({ op }, "0")),
      eeh({ op: 4 }, "0"),
    ],
  },
  {
    number: 109,
    title: "a bare container",
    from: "fresh",
    steps: [eeh({ op: 4 }, "EINVAL")],
  },
  {
    number: 109.1,
    title: "a platform without EEH",
    from: "V2",
    needs: ["LPAR"],
    steps: [
      eeh({ op: 4 }, "ENODEV"),
      eeh({ op: 4, argsz: 11 }, "ENODEV"),
      step("CHECK_EXTENSION 5", byPlatform("1", "0"), (bench) =>
        answer(bench.call(CONTAINER, 1, 5)),
      ),
    ],
  },
]);
