/**
 * What comes out of the guest: the program's output, and reports on how the run goes.
 *
 * The output ports carry the program's bytes unchanged; only the line that ends them is ours.
 * The status port carries lines of JSON, one per event; anything else there is ignored.
 */

import { END_MARK } from "./init.ts";
import { type LineReader, lineReader } from "./lines.ts";
import { fieldsOf } from "./unknown.ts";

export type GuestEvent =
  | { readonly event: "stage"; readonly name: string; readonly uptime: number }
  | { readonly event: "failed"; readonly step: string; readonly detail: string }
  | { readonly event: "exit"; readonly status: number };

export interface OutputReaderOptions {
  readonly nonce: string;
  readonly onLine: (line: string) => void;
  /** Everything that the program wrote has been passed on. */
  readonly onEnd: () => void;
}

/** The end mark may follow an unfinished line of the program's, which is then its last. */
export function outputReader({ nonce, onLine, onEnd }: OutputReaderOptions): LineReader {
  const mark = `${END_MARK}${nonce}`;
  let ended = false;
  return lineReader((line) => {
    if (ended) return;
    if (!line.endsWith(mark)) return onLine(line);
    ended = true;
    const last = line.slice(0, -mark.length);
    if (last !== "") onLine(last);
    onEnd();
  });
}

/** Undefined for a line that is no event. */
export function parseGuestEvent(line: string): GuestEvent | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return guestEvent(fieldsOf(JSON.parse(line)));
  } catch {
    return undefined;
  }
}

function guestEvent(fields: ReadonlyMap<string, unknown>): GuestEvent | undefined {
  const [name, uptime] = [fields.get("name"), fields.get("uptime")];
  const [step, detail] = [fields.get("step"), fields.get("detail")];
  const [event, status] = [fields.get("event"), fields.get("status")];
  if (event === "stage" && typeof name === "string" && typeof uptime === "number")
    return { event, name, uptime };
  if (event === "failed" && typeof step === "string" && typeof detail === "string")
    return { event, step, detail };
  return event === "exit" && typeof status === "number" ? { event, status } : undefined;
}
