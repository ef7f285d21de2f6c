// The one place where a ring index wraps.
//
// Rings here are powers of two in entries, and one entry stays unused so that full and empty differ.

export function nextIndex(index: number, entries: number): number {
  return (index + 1) % entries;
}

export function isFull(head: number, tail: number, entries: number): boolean {
  return nextIndex(tail, entries) === head;
}
