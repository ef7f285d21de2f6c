// Whether a plan is one: made by `planWindows`, or by hand and in accord with its own offer.

import { told } from "../arguments.ts";
import { DEFAULT_PAGE, HIGH_START, type WindowOffer } from "../offer.ts";
import { offerProblem } from "../offer-check.ts";
import { shapeWindow } from "../window-shape.ts";
import type { PlannedWindow, WindowPlan } from "./search.ts";

/** What is wrong with a plan, for a sentence; undefined when nothing is. */
export function planProblem(value: unknown): string | undefined {
  const { offer, windows, defaultWindow } = Object(value) as Partial<WindowPlan>; // cast: looked at member by member
  if (!Array.isArray(windows)) return "that is no plan";
  if (windows.length === 0) return "the plan has no windows, so nothing could be mapped";
  const problem = offerProblem(offer);
  if (problem !== undefined || offer === undefined) return problem ?? "it has no offer";
  if (windows.length > offer.windows)
    return `the plan has ${windows.length} windows, and its offer ${offer.windows}`;
  for (const window of windows) {
    const wrong = windowProblem(offer, window);
    if (wrong !== undefined) return wrong;
  }
  return keepingProblem(windows, defaultWindow);
}

function windowProblem(offer: WindowOffer, window: unknown): string | undefined {
  const planned = Object(window) as PlannedWindow; // cast: looked at member by member
  const { start, size, pageSize, from } = planned;
  const { refusal } = shapeWindow(offer, planned);
  if (refusal !== undefined) return refusal.sentence;
  const { defaultWindow } = offer;
  if (start !== defaultWindow.start && start !== HIGH_START)
    return `no window begins at ${told(start)}`;
  if (from === "create") return undefined;
  if (from !== "default") return `a window is from "default" or "create", not ${told(from)}`;
  const same =
    start === defaultWindow.start && size === defaultWindow.size && pageSize === DEFAULT_PAGE;
  return same ? undefined : "its default window is not that of its offer";
}

function keepingProblem(
  windows: readonly PlannedWindow[],
  defaultWindow: unknown,
): string | undefined {
  if (defaultWindow !== "kept" && defaultWindow !== "removed")
    return `the default window is "kept" or "removed", not ${told(defaultWindow)}`;
  const kept = windows.filter(({ from }) => from === "default").length;
  if (kept === (defaultWindow === "kept" ? 1 : 0)) return undefined;
  return `the default window is ${defaultWindow}, and ${kept} of the plan's windows are it`;
}
