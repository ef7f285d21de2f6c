// Ctrl-C and its like: the first asks the command to stop and clean up, the second ends it.

import { LabError } from "../errors.ts";

const STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

type StopSignal = keyof typeof STATUS;

export interface Interrupts {
  readonly signal: AbortSignal;
  /** The exit status that tells who stopped the command, if somebody did. */
  status(): number | undefined;
}

/** What must not outlive this process is ended by `atProcessEnd`, also at the second signal. */
export function watchInterrupts(): Interrupts {
  const controller = new AbortController();
  let received: StopSignal | undefined;
  const onSignal = (signal: StopSignal): void => {
    if (received !== undefined) process.exit(STATUS[signal]);
    received = signal;
    controller.abort(new LabError("interrupted", `stopped by ${signal}`));
  };
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const)
    process.on(signal, () => onSignal(signal));
  return {
    signal: controller.signal,
    status: () => (received === undefined ? undefined : STATUS[received]),
  };
}
