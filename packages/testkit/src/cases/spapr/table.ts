// How a table of sPAPR cases is written: numbers, sections and titles; VmLck is noted first.

import type { Case } from "../case.ts";
import { noteLocked } from "./steps.ts";

type Row = Omit<Case, "section">;

/** The cases of one section, each beginning with what is locked now. */
export function section(name: string, rows: readonly Row[]): readonly Case[] {
  return rows.map((row) => ({ ...row, section: name, steps: [noteLocked(), ...row.steps] }));
}
