// Lists, creates and removes windows, where the backend can.

import { formatRange } from "../address/units.ts";
import type { BackendSession } from "../contract/backend.ts";
import type { DmaWindow, WindowControl, WindowRequest } from "../contract/dma-window.ts";
import { checkAddress, type Ledger } from "../dma/ledger.ts";
import { type Facts, IommuError } from "../errors/base.ts";
import { badOption, checkOptions } from "../errors/options.ts";
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
  checkRequest(request);
  const window = session.createWindow(request);
  // Not asked of the kernel again: a question that fails must not hide a window that was made.
  ledger.setWindows(byStart([...ledger.windows, window]));
  keepHoles(ledger, window);
  return window;
}

function remove(engine: ContainerEngine, window: DmaWindow): void {
  const { session, ledger } = engine.enabled("removeWindow");
  if (session.removeWindow === undefined) throw fixed(session, "removeWindow");
  const listed = ledger.windows.find((each) => sameWindow(each, Object(window)));
  if (listed === undefined) throw notListed();
  for (const { iova } of listed.holes ?? []) ledger.release(iova);
  try {
    checkEmpty(ledger, listed);
    session.removeWindow(listed);
  } catch (error) {
    keepHoles(ledger, listed);
    throw error;
  }
  ledger.setWindows(byStart(ledger.windows.filter((each) => each !== listed)));
}

function keepHoles(ledger: Ledger, { holes = [] }: DmaWindow): void {
  for (const { iova, size, what } of holes) ledger.reserve(iova, size, what);
}

/** Throws unless nothing is mapped or reserved in the window. */
function checkEmpty(ledger: Ledger, { start, last }: DmaWindow): void {
  const range = formatRange(start, last - start + 1n);
  const live = ledger.entriesIn(start, last).length;
  if (live > 0)
    throw inUse(`the window ${range} still has ${live} mappings`, { start, mappings: live });
  const reserved = ledger.reservedIn(start, last);
  if (reserved !== undefined)
    throw inUse(`the window ${range} still holds ${reserved}`, { start, reserved });
}

function inUse(sentence: string, facts: Facts): IommuError {
  return new IommuError({
    code: "memory-in-use",
    operation: "removeWindow",
    sentence,
    facts,
    hint: "unmap it first",
  });
}

/** What no backend could make of it; which sizes there are is the backend's to know. */
function checkRequest(given: WindowRequest): void {
  const request = checkOptions("createWindow", given, ["pageSize", "size", "start", "levels"]);
  const { pageSize, size, start, levels } = request;
  if (
    !(Number.isSafeInteger(pageSize) && isPowerOfTwo(Number(pageSize)) && Number(pageSize) >= 4096)
  )
    throw badOption("createWindow", `a page is a power of two of bytes from 4096, not ${pageSize}`);
  checkAddress("createWindow", "size", size);
  if (size === 0n)
    throw new IommuError({
      code: "zero-size",
      operation: "createWindow",
      sentence: "createWindow of zero bytes refused",
    });
  if (start !== undefined) checkAddress("createWindow", "start", start);
  if (levels !== undefined && !Number.isInteger(levels))
    throw badOption("createWindow", `levels is a whole number, not ${String(levels)}`);
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}

function byStart(windows: readonly DmaWindow[]): readonly DmaWindow[] {
  return Object.freeze(windows.toSorted((a, b) => (a.start < b.start ? -1 : 1)));
}

/** The kernel removes a window for any address inside it; a window that is gone may be another by now. */
function sameWindow(a: DmaWindow, b: DmaWindow): boolean {
  return a.start === b.start && a.last === b.last && a.pageSize === b.pageSize;
}

function notListed(): IommuError {
  return new IommuError({
    code: "invalid-argument",
    operation: "removeWindow",
    sentence: "removeWindow refused: the container has no such window",
    hint: "take it from windows.list(), which changes when windows do",
  });
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
