// Where a command's words go: standard output and error, with colours only for people.

import { styleText } from "node:util";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

export interface Terminal {
  /** Writes to standard output. */
  out(text: string): void;
  /** Writes to standard error. */
  err(text: string): void;
  /** Whether standard output is a terminal that lines can be redrawn on. */
  readonly live: boolean;
  readonly columns: number;
  style(style: Style, text: string): string;
}

const DEFAULT_COLUMNS = 80;

export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  const live = stdout.isTTY === true && env["TERM"] !== "dumb";
  const colours = live && (env["NO_COLOR"] ?? "") === "";
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    live,
    get columns() {
      // 0 or nothing where the terminal does not tell.
      return stdout.columns || DEFAULT_COLUMNS;
    },
    style: (style, text) => (colours ? styleText(style, text) : text),
  };
}

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

/** Without colours. */
export function plain(text: string): string {
  return text.replace(ESCAPES, "");
}

/** Characters that a terminal would obey, shown instead; what a program prints is not to be trusted. */
export function visible(text: string): string {
  return [...text]
    .map((character) => (obeyed(character) ? escaped(character) : character))
    .join("");
}

/** The control characters of ASCII and of Latin 1, but for the tab and the line end. */
function obeyed(character: string): boolean {
  const code = character.charCodeAt(0);
  return (code < 0x20 && code !== 0x09 && code !== 0x0a) || (code >= 0x7f && code < 0xa0);
}

function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
