// What setting up tells: a bar on a terminal, a line now and then elsewhere, JSON for programs.

import type { ErrorReport } from "../errors.ts";
import type { Progress } from "../qemu/index.ts";
import { errorText } from "../report/error-text.ts";
import { openLiveArea } from "../report/live.ts";
import type { Terminal } from "../report/terminal.ts";
import { jsonError } from "../run/report-json.ts";
import type { SetupDone } from "./prepare-target.ts";
import { createMeter } from "./progress-text.ts";

export interface SetupReport {
  progress(target: string, progress: Progress): void;
  done(target: string, done: SetupDone): void;
  failed(target: string, error: ErrorReport): void;
  close(): void;
}

export interface SetupReportOptions {
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly verbose: boolean;
}

export function openSetupReport(options: SetupReportOptions): SetupReport {
  return options.json ? jsonReport(options) : peopleReport(options);
}

function jsonReport({ terminal, verbose }: SetupReportOptions): SetupReport {
  const line = (value: object): void => terminal.out(`${JSON.stringify(value)}\n`);
  const isStep = createSteps();
  return {
    progress: (target, progress) => {
      if (isStep(progress)) line({ target, progress });
    },
    done: (target, done) => line({ target, done: true, ok: true, ...done }),
    failed: (target, error) =>
      line({ target, done: true, ok: false, error: jsonError(error, verbose) }),
    close: () => undefined,
  };
}

function peopleReport(options: SetupReportOptions): SetupReport {
  const { terminal } = options;
  const meter = createMeter();
  const isStep = createSteps();
  let current: string | undefined;
  const area = terminal.live
    ? openLiveArea(terminal, () => (current === undefined ? [] : [current]))
    : undefined;
  const print = (text: string): void => {
    current = undefined;
    if (area) area.print(text);
    else terminal.out(text);
  };
  return {
    progress: (target, progress) => {
      const line = `${target}  ${meter.line(progress)}`;
      if (area) current = line;
      else if (isStep(progress)) terminal.out(`${line}\n`);
    },
    done: (target, { detail }) =>
      print(`${terminal.style("green", "ready")}  ${target}  ${detail}\n`),
    failed: (target, error) => print(errorText(error, { ...options, indent: `${target}  ` })),
    close: () => area?.close(),
  };
}

const STEP = 0.1;

/** True now and then: at the first progress under a label and after each further tenth. */
function createSteps(): (progress: Progress) => boolean {
  let label = "";
  let next = 0;
  return (progress) => {
    if (progress.label !== label) [label, next] = [progress.label, 0];
    const share = progress.total > 0 ? progress.received / progress.total : 0;
    if (share < next) return false;
    next = (Math.floor(share / STEP) + 1) * STEP;
    return true;
  };
}
