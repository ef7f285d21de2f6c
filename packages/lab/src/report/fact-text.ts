// A fact as one line for people.

import type { Fact } from "../protocol/message.ts";
import { visible } from "./terminal.ts";

export function factText(fact: Fact): string {
  return Object.entries(fact)
    .map(([name, value]) => visible(`${name}=${valueText(value)}`))
    .join(" ");
}

function valueText(value: unknown): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
