// All static gates, in order: `node tools/check.mjs [name…]`. `tsc -b` must have run before.
//
// One line a gate with its time and what it looked at; the whole output of each that failed. Every
// gate is its own process, so one that breaks cannot hide the others.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { argv, execPath } from "node:process";
import { ROOT } from "./lib/sources.mjs";

const LIMIT_MS = 180_000;
const BIOME_ARCHITECTURES = ["x64", "arm64"];

const GATES = [
  {
    name: "lint and format",
    module: "@biomejs/biome/bin/biome",
    args: ["ci", "--error-on-warnings", "--colors=off", "."],
    skip: noBiome,
  },
  { name: "dependency rules", tool: "dependency-rules.mjs" },
  { name: "unused code", module: "knip/bin/knip.js", args: ["--no-progress", "--no-config-hints"] },
  { name: "budgets", tool: "budgets.mjs" },
  { name: "unsafe room", tool: "unsafe-room.mjs" },
  { name: "repository", tool: "repository-rules.mjs" },
  { name: "examples in documents", tool: "readme-examples.mjs" },
];

/** Biome publishes no binary for some machines, such as ppc64le; everything else is still held. */
function noBiome() {
  if (BIOME_ARCHITECTURES.includes(process.arch)) return undefined;
  return `Biome has no binary for ${process.arch}: style was not checked on this machine`;
}

function run(gate) {
  const program = gate.tool ? join("tools", gate.tool) : join("node_modules", gate.module);
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(execPath, [program, ...(gate.args ?? [])], {
      cwd: ROOT,
      timeout: LIMIT_MS,
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" },
    });
    let output = "";
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const finish = (ok) => resolve({ ok, output, seconds: (performance.now() - started) / 1000 });
    child.on("error", (error) => {
      output += error.message;
      finish(false);
    });
    child.on("close", (status) => finish(status === 0));
  });
}

async function check(gate) {
  const skipped = gate.skip?.();
  if (skipped !== undefined) {
    console.log(`skip  ${gate.name.padEnd(22)} ${skipped}`);
    return true;
  }
  const { ok, output, seconds } = await run(gate);
  const summary = output.trimEnd().split("\n").at(-1)?.trim();
  const time = `${seconds.toFixed(1)} s`.padStart(7);
  console.log(
    `${ok ? "ok   " : "FAIL "} ${gate.name.padEnd(22)} ${time}  ${ok ? summary : ""}`.trimEnd(),
  );
  const more = details(ok, output);
  if (more !== "") console.log(more);
  return ok;
}

/** Everything of a gate that failed; the notes (measured figures) of one that passed. */
function details(ok, output) {
  const lines = output.trimEnd().split("\n");
  const shown = ok ? lines.filter((line) => line.startsWith("note: ")) : lines;
  return shown.map((line) => `      ${line.replace(/^note: /, "")}`).join("\n");
}

async function main() {
  const wanted = argv.slice(2);
  const gates = GATES.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  if (gates.length === 0)
    throw new Error(`no such gate; there are: ${GATES.map(({ name }) => name).join(", ")}`);
  const failed = [];
  for (const gate of gates) if (!(await check(gate))) failed.push(gate.name);
  console.log(
    failed.length === 0 ? `${gates.length} gates passed` : `FAILED: ${failed.join(", ")}`,
  );
  process.exitCode = failed.length === 0 ? 0 : 1;
}

await main();
