// Makes the windows of a plan in a container that has its default window and nothing else.

import { bytes, type DmaWindow, IommuError, iova, type WindowControl } from "@iommukit/core";
import { badArgument } from "../arguments.ts";
import { DEFAULT_PAGE, type WindowOffer } from "../offer.ts";
import { planProblem } from "./plan-check.ts";
import type { PlannedWindow, WindowPlan } from "./search.ts";

/**
 * Removes the default window if the plan does, and creates the plan's windows in order. Answers one window
 * for each of the plan's. All or nothing, but for the default window: where the firmware does not give it
 * back, it stays away.
 *
 * Valid errors: `WINDOW_ERRORS`. Before any call: `invalid-argument` for what is no plan, has no windows, or
 * contradicts its own offer; `wrong-state` when the container has anything but the default window of that
 * offer, so that a window which the caller made is never removed; `memory-in-use` when the plan removes the
 * default window and something is mapped in it.
 */
export function applyPlan(windows: WindowControl, plan: WindowPlan): readonly DmaWindow[] {
  const problem = planProblem(plan);
  if (problem !== undefined)
    throw badArgument(
      "applyPlan",
      problem,
      "pass the plan of what planWindows answered, if it has one",
    );
  const present = defaultWindowOf(windows, plan.offer);
  const undo: (() => void)[] = [];
  try {
    if (plan.defaultWindow === "removed") {
      windows.remove(present);
      undo.push(() => windows.create(requestOf(present)));
    }
    return plan.windows.map((planned) => {
      if (planned.from === "default") return present;
      const window = windows.create(wanted(planned));
      undo.push(() => windows.remove(window));
      return window;
    });
  } catch (error) {
    for (const step of undo.toReversed()) attempt(step);
    throw error;
  }
}

/**
 * The container's one window, when it is where and as the default one is. One that was made again exactly so
 * counts as it: `applyPlan` makes such a one itself when it gives the default window back.
 */
function defaultWindowOf(windows: WindowControl, { defaultWindow }: WindowOffer): DmaWindow {
  const all = listOf(windows);
  const [present] = all;
  if (present === undefined || all.length > 1)
    throw notFresh(`the container has ${all.length} windows, not its default one alone`);
  const { start, last, pageSize } = present;
  const size = last - start + 1n;
  if (start === defaultWindow.start && size === defaultWindow.size && pageSize === DEFAULT_PAGE)
    return present;
  throw notFresh("the container's window is not the default one that the plan was made for");
}

function listOf(windows: WindowControl): readonly DmaWindow[] {
  if (typeof Object(windows).list === "function") return windows.list();
  throw badArgument("applyPlan", "that has no windows", "pass container.windows");
}

function wanted({
  pageSize,
  size,
  levels,
  start,
}: PlannedWindow): Parameters<WindowControl["create"]>[0] {
  return { pageSize, size: bytes(size), levels, start: iova(start) };
}

function requestOf({ pageSize, start, last }: DmaWindow): Parameters<WindowControl["create"]>[0] {
  return { pageSize, size: bytes(last - start + 1n), start };
}

/** The first error is the one to tell; what cannot be undone shows in `windows.list()`. */
function attempt(step: () => void): void {
  try {
    step();
  } catch {
    // Told by the window list.
  }
}

function notFresh(why: string): IommuError {
  return new IommuError({
    code: "wrong-state",
    operation: "applyPlan",
    sentence: `applyPlan refused: ${why}`,
    hint: "plan with the container's own offer, and apply before anything else is made",
  });
}
