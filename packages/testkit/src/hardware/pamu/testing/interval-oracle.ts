// What a PAMU must answer, from a plan of windows and without any table: a second opinion for tests.
//
// A plan is cut into intervals of addresses, each with what becomes of an access there; an answer is a
// search among the intervals. Nothing here knows of entries, indexes or bits. Plain numbers: addresses
// have at most 37 bits.

/** What an operation needs, and what it becomes. */
export interface OperationRule {
  readonly needs: "read" | "write" | "both";
  /** Its name as the hardware's encoding has it, for plans that map by name. */
  readonly name: string;
  /** Egress code where operations are kept. */
  readonly code: number;
}

export interface WindowPlan {
  /** Bytes mapped from the window's start; 0 for none. */
  readonly mapped: number;
  /** Host address of the window's first byte. */
  readonly target: number;
  readonly access: "none" | "read" | "write" | "both";
  /** Whether its own entry counts: never false for window 0. */
  readonly valid: boolean;
  /** The LIODN that its own entry names; the plan's for window 0. */
  readonly owner: number;
  readonly translation: "kept" | "replaced" | "unknown";
  /** Egress codes by operation, where there is a mapping. */
  readonly operations: "kept" | "reserved" | "no table" | ReadonlyMap<string, number>;
}

export interface LiodnPlan {
  readonly liodn: number;
  readonly base: number;
  readonly size: number;
  readonly windows: readonly WindowPlan[];
}

/** Let through to this address and with this egress code, or refused with the code of AVS1. */
export type Verdict =
  | { readonly to: number; readonly outgoing: number }
  | { readonly refused: number };

interface Interval {
  readonly from: number;
  /** The first address behind it. */
  readonly end: number;
  readonly decide: (address: number, operation: OperationRule) => Verdict;
}

const refuse = (refused: number): Verdict => ({ refused });

export class IntervalOracle {
  readonly #intervals = new Map<number, readonly Interval[]>();
  readonly #liodns: number;

  /** `liodns` is how many LIODNs the system has room for. */
  constructor(plans: readonly LiodnPlan[], liodns: number) {
    this.#liodns = liodns;
    for (const plan of plans) this.#intervals.set(plan.liodn, intervalsOf(plan));
  }

  judge(liodn: number, address: number, operation: OperationRule): Verdict {
    if (liodn >= this.#liodns) return refuse(0x0400);
    const intervals = this.#intervals.get(liodn);
    if (intervals === undefined) return refuse(0x0800);
    const found = search(intervals, address);
    return found === undefined ? refuse(0x0080) : found.decide(address, operation);
  }
}

/** The interval that holds the address; they are sorted and do not overlap. */
function search(intervals: readonly Interval[], address: number): Interval | undefined {
  let low = 0;
  let high = intervals.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const interval = intervals[middle];
    if (interval === undefined) return undefined;
    if (address < interval.from) high = middle - 1;
    else if (address >= interval.end) low = middle + 1;
    else return interval;
  }
  return undefined;
}

function intervalsOf({ liodn, base, size, windows }: LiodnPlan): readonly Interval[] {
  const slot = size / windows.length;
  return windows.flatMap((window, number) => {
    const from = base + number * slot;
    if (!window.valid) return [{ from, end: from + slot, decide: () => refuse(0x0180) }];
    if (window.owner !== liodn) return [{ from, end: from + slot, decide: () => refuse(0x0200) }];
    // A single window has no mapped size of its own: it is mapped whole.
    const mapped = windows.length === 1 ? slot : Math.min(window.mapped, slot);
    const rest = { from: from + mapped, end: from + slot, decide: () => refuse(0x0280) };
    return [{ from, end: from + mapped, decide: decisionIn(window, from, mapped) }, rest].filter(
      (each) => each.end > each.from,
    );
  });
}

function decisionIn(window: WindowPlan, from: number, mapped: number): Interval["decide"] {
  // The hardware ignores what of a target lies below the mapped size.
  const target = mapped === 0 ? 0 : window.target - (window.target % mapped);
  return (address, operation) => {
    const denied = denial(window.access, operation.needs);
    if (denied !== 0) return refuse(denied);
    if (window.translation === "unknown") return refuse(0x0028);
    const to = window.translation === "kept" ? address : target + (address - from);
    return mapOperation(window, operation, to);
  };
}

function denial(access: WindowPlan["access"], needs: OperationRule["needs"]): number {
  if (access === "both" || access === needs) return 0;
  if (access === "none") return 0x0008;
  return { read: 0x0010, write: 0x0018, both: 0x0020 }[needs];
}

function mapOperation(
  { operations }: WindowPlan,
  { name, code }: OperationRule,
  to: number,
): Verdict {
  if (operations === "kept") return { to, outgoing: code };
  if (operations === "reserved") return refuse(0x0006);
  if (operations === "no table") return refuse(0x0004);
  const outgoing = operations.get(name);
  return outgoing === undefined ? refuse(0x0002) : { to, outgoing };
}
