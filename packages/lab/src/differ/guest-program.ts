// The program that runs in the guest: every sequence of a job, one result line after the other.

import { readFileSync } from "node:fs";
import type { Host, HostProgram } from "../host.ts";
import { makeArena, renewed } from "./arena.ts";
import { askEnvironment, isSpapr } from "./environment.ts";
import { runSequence } from "./executor.ts";
import { countOf, type Job, sequenceOf } from "./job.ts";
import { twoDevices } from "./two-devices.ts";

/** `jobFile` is read where the program runs; the file's own folder is all they share. */
export function guestProgram(jobFile: string): HostProgram {
  return (host) => {
    // cast: the command wrote it, from this type.
    runJob(host, JSON.parse(readFileSync(jobFile, "utf8")) as Job);
  };
}

function runJob(host: Host, job: Job): void {
  const { port } = host;
  const places = twoDevices(host.devices);
  const environment = askEnvironment(port, places);
  host.log({ environment });
  const hugePage = isSpapr(environment) ? environment.hugePage : 0;
  let arena = makeArena(port, hugePage);
  const spent = { generate: 0, run: 0, log: 0 };
  for (let at = 0; at < countOf(job); at++) {
    const started = performance.now();
    const sequence = sequenceOf(job, at, environment);
    const made = performance.now();
    const machine = { port, arena, ...places, environment, pause };
    const { results, spent: used } = runSequence(machine, sequence);
    arena = renewed(port, arena, used, hugePage);
    const ran = performance.now();
    host.log({ at, results });
    spent.generate += made - started;
    spent.run += ran - made;
    spent.log += performance.now() - ran;
  }
  host.log({ spent });
}

const cell = new Int32Array(new SharedArrayBuffer(4));

/** Gives the processor to the device's emulation. */
function pause(): void {
  Atomics.wait(cell, 0, 0, 5);
}
