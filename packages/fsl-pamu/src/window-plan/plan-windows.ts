// From guest RAM and MSI banks to an aperture, or the reason why there is none: a pure function.

import { findLayout, largestWindow } from "./layout.ts";
import { noRoom, tooFine } from "./refusal.ts";
import {
  checkRequest,
  type PlanRefusal,
  SMALLEST_WINDOW,
  type WindowPlan,
  type WindowPlanRequest,
} from "./request.ts";

/**
 * Plans the aperture of one guest: the largest window that RAM and the host's memory allow, and of
 * that the smallest aperture with a window for each MSI bank. The same request gives the same plan.
 *
 * It never throws: a request that is wrong or cannot be met is answered with the reason, and with the
 * changes that were tried and would help.
 */
export function planWindows(request: WindowPlanRequest): WindowPlan | PlanRefusal {
  const checked = checkRequest(request);
  if ("kind" in checked) return checked;
  if (largestWindow(checked) < SMALLEST_WINDOW) return tooFine(checked);
  return findLayout(checked) ?? noRoom(checked);
}
