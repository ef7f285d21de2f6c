// The next operation meets a failing call: which of its calls, and what that call answers.

import fc from "fast-check";
import { refusal } from "../../arbitraries/choices.ts";
import { errnoName } from "../../kernel/errno.ts";
import { type CommandKind, command } from "../command.ts";

export const FAULT: CommandKind = {
  name: "fault",
  weight: 7,
  arbitrary: fc
    .record({
      nth: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 24 })),
      answer: refusal(),
    })
    .map(({ nth, answer }) =>
      command(
        `call ${nth} of the next operation answers ${answer < 0 ? errnoName(-answer) : answer}`,
        (world) => world.watch.arm({ nth, answer }),
      ),
    ),
};
