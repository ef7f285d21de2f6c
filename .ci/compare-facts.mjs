// Holds that a program logged the same facts on every target: `iommukit run … --json` on one side,
// one line `ok` or `FAIL` for each assertion on the other.
//
// usage: compare-facts.mjs NAME TARGET,TARGET… LINES.jsonl [--facts-differ] [--within SECONDS]
//
// Status 0: all ok; 1: some failed; anything else: it could not compare. Runs on Node 20, needs nothing.

import { readFileSync } from "node:fs";
import { argv } from "node:process";
import { pathToFileURL } from "node:url";

/** A boot and an example; what the README promises for each target in QEMU. */
const QEMU_SECONDS = 20;
/** Of a POWER machine, whose firmware takes longer, as Node does there. */
const POWER_SECONDS = 45;
const POWER_TARGET = /^qemu\/(powernv|pseries)/;

/** `{ ok, what }[]` for the lines that one program printed. */
export function compareFacts(text, targets, { factsDiffer = false, within } = {}) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const records = lines.map(parseRecord);
  const noise = records.filter((record) => !targets.includes(record?.target)).length;
  return [
    {
      ok: noise === 0,
      what: `every line is of one of the targets${noise ? `: ${noise} are not` : ""}`,
    },
    ...targets.flatMap((target) => ended(records, target, within)),
    ...(factsDiffer ? [] : sameFacts(records, targets)),
  ];
}

function parseRecord(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function ended(records, target, within) {
  const own = records.filter((record) => record?.target === target);
  const done = own.filter((record) => record.done === true);
  const facts = own.filter((record) => record.fact !== undefined).length;
  const seconds = done[0]?.seconds;
  const limit = within ?? (POWER_TARGET.test(target) ? POWER_SECONDS : QEMU_SECONDS);
  const inTime = {
    ok: seconds < limit,
    what: `${target}: ${seconds} s, under ${limit} s`,
  };
  return [
    { ok: done.length === 1 && done[0].ok === true, what: `${target}: done and ok` },
    { ok: facts > 0, what: `${target}: ${facts} facts` },
    ...(target.startsWith("qemu/") ? [inTime] : []),
  ];
}

function sameFacts(records, [first, ...others]) {
  const factsOf = (target) =>
    records
      .filter((record) => record?.target === target && record.fact !== undefined)
      .map((record) => canonical(record.fact));
  const expected = factsOf(first);
  return others.map((target) => {
    const difference = firstDifference(expected, factsOf(target));
    return {
      ok: difference === undefined,
      what: `${target}: same facts as ${first}${difference ?? ""}`,
    };
  });
}

function firstDifference(expected, actual) {
  const length = Math.max(expected.length, actual.length);
  const at = Array.from({ length }, (_, i) => i).find((i) => expected[i] !== actual[i]);
  return at === undefined ? undefined : `: fact ${at} is ${actual[at]}, not ${expected[at]}`;
}

/** JSON with its keys in one order. */
function canonical(value) {
  return JSON.stringify(value, (_, part) => {
    if (part === null || typeof part !== "object" || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function main([name, targets, path, ...options]) {
  const factsDiffer = options.includes("--facts-differ");
  const at = options.indexOf("--within");
  const within = at < 0 ? undefined : Number(options[at + 1]);
  const results = compareFacts(readFileSync(path, "utf8"), targets.split(","), {
    factsDiffer,
    within,
  });
  for (const { ok, what } of results) console.log(`${ok ? "ok   " : "FAIL "} ${name}: ${what}`);
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  try {
    main(argv.slice(2));
  } catch (error) {
    console.error(error);
    process.exitCode = 2;
  }
}
