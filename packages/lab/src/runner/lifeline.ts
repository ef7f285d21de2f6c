// Ends this process when the command that started it is gone, however that happened.
//
// The command holds the other end of descriptor 3, and the kernel closes it when the command dies. A
// thread watches, because the program may never give the event loop back.

import { Worker } from "node:worker_threads";

/** The whole process group, for the program may have started processes of its own. */
const WATCH = `
const { Socket } = require("node:net");
const end = () => {
  try { process.kill(-process.pid, "SIGKILL"); } catch { process.kill(process.pid, "SIGKILL"); }
};
new Socket({ fd: 3 }).on("error", end).on("close", end).resume();
`;

export function holdLifeline(): void {
  new Worker(WATCH, { eval: true }).unref();
}
