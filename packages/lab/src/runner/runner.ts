// Runs one program inside its own process and reports to the command.
//
// Bundled together with the program, for a guest's Node as for a child process. Must never write to
// standard output but for messages: what the program prints goes to standard error.

import { reportOf } from "../errors.ts";
import type { Host, HostProgram } from "../host.ts";
import { toFact } from "../protocol/fact.ts";
import { type Phase, type RunnerSettings, SETTINGS_VARIABLE } from "../protocol/message.ts";
import { createSend, type Send } from "../protocol/send.ts";
import { holdLifeline } from "./lifeline.ts";

/** The machine behind a target, opened; `close` puts back what opening changed. */
export interface World extends Pick<Host, "port" | "devices"> {
  close(): void;
}

export type OpenWorld = (settings: RunnerSettings) => World;
export type LoadProgram = () => Promise<{ readonly default?: unknown }>;

/** Called once, by the bundle's first statement. */
export function startRunner(openWorld: OpenWorld, load: LoadProgram): void {
  const settings = takeSettings();
  const send = createSend(settings.nonce);
  keepOutputFree();
  if (settings.lifeline) holdLifeline();
  reportSurprises(send);
  void run(settings, send, openWorld, load);
}

async function run(
  settings: RunnerSettings,
  send: Send,
  openWorld: OpenWorld,
  load: LoadProgram,
): Promise<void> {
  const phase: { now: Phase } = { now: "prepare" };
  try {
    send({ type: "stage", name: "preparing" });
    const world = openWorld(settings);
    phase.now = "program";
    send({ type: "stage", name: "running" });
    try {
      await programOf(await load())(hostOf(settings, world, send));
    } catch (error) {
      closeQuietly(world);
      throw error;
    }
    phase.now = "restore";
    world.close();
    send({ type: "done" });
    process.exit(0);
  } catch (error) {
    fail(send, phase.now, error);
  }
}

/** After the program failed, that is the error to report; what could not be put back comes second. */
function closeQuietly(world: World): void {
  try {
    world.close();
  } catch (error) {
    process.stderr.write(`${reportOf(error).message}\n`);
  }
}

function hostOf({ target }: RunnerSettings, { port, devices }: World, send: Send): Host {
  const log: Host["log"] = (fact) => send({ type: "fact", fact: toFact(fact) });
  return Object.freeze({ target, port, devices, log });
}

function programOf(module: { readonly default?: unknown }): HostProgram {
  // cast: what a function takes cannot be seen from outside; a wrong one throws, and is reported.
  if (typeof module.default === "function") return module.default as HostProgram;
  throw Object.assign(new Error("the file's default export is not a function"), {
    code: "no-default-export",
    hint: "export default function (host) { … }",
  });
}

/** The program must not see the settings: its own children would inherit them. */
function takeSettings(): RunnerSettings {
  const text = process.env[SETTINGS_VARIABLE];
  if (text === undefined) throw new Error(`${SETTINGS_VARIABLE} is not set`);
  delete process.env[SETTINGS_VARIABLE];
  // cast: the command wrote it, from this type.
  return JSON.parse(text) as RunnerSettings;
}

function keepOutputFree(): void {
  Object.defineProperty(process, "stdout", { configurable: true, get: () => process.stderr });
}

/** Errors in callbacks, rejections that nobody handles, and a wait that nothing can end. */
function reportSurprises(send: Send): void {
  process.on("uncaughtException", (error) => fail(send, "program", error));
  process.on("beforeExit", () =>
    fail(
      send,
      "program",
      Object.assign(new Error("the program waits for something that can never happen"), {
        code: "program-stalled",
        hint: "a promise is awaited that nothing is left to settle",
      }),
    ),
  );
}

function fail(send: Send, phase: Phase, error: unknown): never {
  const fallback = phase === "program" ? "program-threw" : "target-failed";
  send({ type: "failed", phase, error: reportOf(error, fallback) });
  process.exit(1);
}
