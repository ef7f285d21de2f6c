import { describe, expect, test } from "vitest";
import type { ContainerState } from "../contract/container.ts";
import { StateMachine, TRANSITIONS } from "./state.ts";

const STATES: readonly ContainerState[] = ["opened", "attached", "enabled", "closed"];

/** A machine driven to a state by legal moves. */
function machineIn(state: ContainerState): StateMachine {
  const machine = new StateMachine();
  const way: Readonly<Record<ContainerState, readonly ContainerState[]>> = {
    opened: [],
    attached: ["attached"],
    enabled: ["attached", "enabled"],
    closed: ["closed"],
  };
  for (const step of way[state]) machine.move(step);
  return machine;
}

describe("container states", () => {
  for (const from of STATES)
    for (const to of STATES)
      test(`rule CL2: ${from} to ${to} is ${TRANSITIONS[from].includes(to) ? "legal" : "refused"}`, () => {
        const machine = machineIn(from);
        if (TRANSITIONS[from].includes(to)) {
          machine.move(to);
          expect(machine.state).toBe(to);
        } else {
          expect(() => machine.move(to)).toThrow(/cannot go from/);
          expect(machine.state).toBe(from);
        }
      });

  test("error: a call at the wrong moment says so, and a closed container says closed", () => {
    expect(() => machineIn("opened").require("map", "enabled")).toThrow(/attach a group first/);
    expect(() => machineIn("closed").require("map", "enabled")).toThrow(
      expect.objectContaining({ code: "closed" }),
    );
    expect(() => machineIn("attached").require("map", "enabled")).toThrow(
      expect.objectContaining({ code: "wrong-state", hint: undefined }),
    );
    expect(() => machineIn("enabled").require("map", "enabled")).not.toThrow();
  });
});
