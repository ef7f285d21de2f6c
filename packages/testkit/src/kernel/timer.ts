// The host's timer, which every JavaScript engine has but the language's own types do not name.
//
// Used for the limit of a wait only; nothing of the simulation depends on real time.

interface Timers {
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
}

function hasTimers(value: object): value is Timers {
  return "setTimeout" in value && "clearTimeout" in value;
}

function timers(): Timers {
  const engine: object = globalThis;
  if (!hasTimers(engine)) throw new TypeError("this JavaScript engine has no timers");
  return engine;
}

export function startTimer(callback: () => void, milliseconds: number): unknown {
  return timers().setTimeout(callback, milliseconds);
}

export function cancelTimer(timer: unknown): void {
  timers().clearTimeout(timer);
}
