/**
 * Cleans up when this process is told to end in the middle of a run.
 *
 * Signal handlers are installed only while something is to be cleaned up. When nobody else
 * listens for the signal it is sent again afterwards, so the process still dies of it and its
 * parent sees the true reason.
 */

type CleanUp = () => void;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const pending = new Set<CleanUp>();

/** `cleanUp` must be synchronous. Call what is returned once it is no longer needed. */
export function atProcessEnd(cleanUp: CleanUp): () => void {
  if (pending.size === 0) listen();
  pending.add(cleanUp);
  return () => {
    if (pending.delete(cleanUp) && pending.size === 0) stopListening();
  };
}

function listen(): void {
  process.on("exit", runAll);
  for (const signal of SIGNALS) process.on(signal, endBySignal);
}

function stopListening(): void {
  process.off("exit", runAll);
  for (const signal of SIGNALS) process.off(signal, endBySignal);
}

function runAll(): void {
  for (const cleanUp of pending) cleanUp();
  pending.clear();
}

function endBySignal(signal: NodeJS.Signals): void {
  runAll();
  stopListening();
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}
