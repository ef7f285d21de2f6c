// The programs that run where the kernel is: one records another program, one replays a recording.

import { readFileSync } from "node:fs";
import { askEnvironment } from "../differ/environment.ts";
import { twoDevices } from "../differ/two-devices.ts";
import type { Host, HostProgram } from "../host.ts";
import { FORMAT_VERSION, parseRecording, type RecordingHead } from "./format.ts";
import { createRecorder } from "./recorder.ts";
import { replay } from "./replayer.ts";

/** Few facts of many calls arrive sooner than many of few. */
const CALLS_PER_FACT = 100;

/** Runs the program on a port that is recorded; the recording comes as facts, also when it throws. */
export function recordProgram(program: HostProgram): HostProgram {
  return async (host) => {
    host.log({ head: headOf(host) });
    const recorder = createRecorder(host.port, host.devices);
    try {
      await program({ ...host, port: recorder.port, log: () => undefined });
    } finally {
      for (let at = 0; at < recorder.calls.length; at += CALLS_PER_FACT)
        host.log({ calls: recorder.calls.slice(at, at + CALLS_PER_FACT) });
    }
  };
}

export function replayProgram(file: string): HostProgram {
  return async (host) => {
    const { calls } = parseRecording(file, readFileSync(file, "utf8"));
    const { port, devices } = host;
    for (const mismatch of await replay({ port, devices, calls, pause })) host.log({ mismatch });
    host.log({ replayed: calls.length });
  };
}

function headOf({ target, port, devices }: Host): RecordingHead {
  const environment = askEnvironment(port, twoDevices(devices));
  return { iommukitRecording: FORMAT_VERSION, target, environment };
}

const cell = new Int32Array(new SharedArrayBuffer(4));

function pause(): void {
  Atomics.wait(cell, 0, 0, 5);
}
