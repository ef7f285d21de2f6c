// Work that makes a control slower on purpose: a struct filled by interpreting a table with BigInt.
//
// It is the mistake that the library avoids (core's writer.ts), so a benchmark that cannot see it
// cannot see the regression that is most likely to come.

interface BurdenField {
  readonly offset: number;
  readonly bytes: 4 | 8;
}

const FIELDS: Readonly<Record<string, BurdenField>> = {
  argsz: { offset: 0, bytes: 4 },
  flags: { offset: 4, bytes: 4 },
  vaddr: { offset: 8, bytes: 8 },
  iova: { offset: 16, bytes: 8 },
  size: { offset: 24, bytes: 8 },
};

let sink = 0n;

/** Interprets the table `times` times. */
export function burden(times: number): void {
  for (let i = 0; i < times; i++) {
    const view = new DataView(new ArrayBuffer(32));
    for (const [name, { offset, bytes }] of Object.entries(FIELDS)) {
      const value = BigInt(name.length + i);
      if (bytes === 8) view.setBigUint64(offset, value << 12n, true);
      else view.setUint32(offset, Number(value), true);
    }
    sink ^= view.getBigUint64(8, true);
  }
}

/** What the burden computed: read it, so that no compiler may leave the work out. */
export function burdenResult(): bigint {
  return sink;
}
