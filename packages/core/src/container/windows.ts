// Lists, creates and removes windows, where the backend can.

import { formatRange } from "../address/units.ts";
import type { BackendSession } from "../contract/backend.ts";
import type { DmaWindow, WindowControl, WindowRequest } from "../contract/dma-window.ts";
import { IommuError } from "../errors/base.ts";
import type { ContainerEngine } from "./engine.ts";

export function createWindowControl(engine: ContainerEngine): WindowControl {
  return Object.freeze({
    list: (): readonly DmaWindow[] => engine.enabled("windows").ledger.windows,
    create: (request: WindowRequest): DmaWindow => create(engine, request),
    remove: (window: DmaWindow): void => remove(engine, window),
  });
}

function create(engine: ContainerEngine, request: WindowRequest): DmaWindow {
  const { session, ledger } = engine.enabled("createWindow");
  if (session.createWindow === undefined) throw fixed(session, "createWindow");
  const window = session.createWindow(request);
  ledger.setWindows(session.readWindows());
  return window;
}

function remove(engine: ContainerEngine, window: DmaWindow): void {
  const { session, ledger } = engine.enabled("removeWindow");
  if (session.removeWindow === undefined) throw fixed(session, "removeWindow");
  const live = ledger.entriesIn(window.start, window.last).length;
  if (live > 0)
    throw new IommuError({
      code: "memory-in-use",
      operation: "removeWindow",
      sentence: `the window ${formatRange(window.start, window.last - window.start + 1n)} still has ${live} mappings`,
      facts: { start: window.start, mappings: live },
      hint: "unmap them first",
    });
  session.removeWindow(window);
  ledger.setWindows(session.readWindows());
}

function fixed(session: BackendSession, operation: string): IommuError {
  const status = session.capabilities["dynamic-windows"];
  return new IommuError({
    code: "not-offered",
    operation,
    sentence: `${operation} is not offered by this backend`,
    facts: { capability: "dynamic-windows" },
    hint: status !== undefined && !status.offered ? status.reason : undefined,
  });
}
