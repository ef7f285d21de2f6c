// Answers of a kernel that lies: info structs with chains that loop, sizes that grow, random bytes.
//
// Most are right in most places, because a parser refuses pure noise at its first field.

import fc from "fast-check";

/** What a hostile info call writes back, and what it answers. */
export interface HostileAnswer {
  readonly result: number;
  /** Written over the caller's buffer from its start, as far as it reaches. */
  readonly bytes: Uint8Array;
  /** Replaces argsz: added to the buffer's length, or a number of its own. */
  readonly argsz:
    | { readonly kind: "kept" }
    | { readonly kind: "grown"; readonly by: number }
    | { readonly kind: "set"; readonly to: number };
}

export interface ChainLink {
  readonly id: number;
  readonly version: number;
  /** `right`: the next link's offset; a number: written as it is. */
  readonly next: "right" | "end" | number;
  readonly body: Uint8Array;
}

const EDGE_WORDS: readonly number[] = [
  0, 1, 4, 7, 8, 15, 16, 23, 24, 25, 31, 32, 40, 56, 64, 72, 80, 4096, 0x7fff_ffff, 0x8000_0000,
  0xffff_fff8, 0xffff_ffff,
];

function link(): fc.Arbitrary<ChainLink> {
  return fc.record({
    id: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.nat(0xffff)),
    version: fc.oneof(fc.constant(1), fc.nat(0xffff)),
    next: fc.oneof(
      { weight: 5, arbitrary: fc.constant("right" as const) },
      { weight: 1, arbitrary: fc.constant("end" as const) },
      { weight: 2, arbitrary: fc.constantFrom(...EDGE_WORDS) },
    ),
    body: hostileWords(6),
  });
}

/** Little-endian words that are often small counts or edges. */
export function hostileWords(most: number): fc.Arbitrary<Uint8Array> {
  const word = fc.oneof(fc.constantFrom(...EDGE_WORDS), fc.nat(8), fc.nat());
  return fc.array(word, { maxLength: most }).map((words) => {
    const view = new DataView(new ArrayBuffer(words.length * 4));
    for (const [index, value] of words.entries()) view.setUint32(index * 4, value >>> 0, true);
    return new Uint8Array(view.buffer);
  });
}

/** A fixed head of `head` bytes with its chain; `capOffsetAt` is where the head keeps the start. */
export function hostileChain(head: number, capOffsetAt: number): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(
      hostileWords(head / 4),
      fc.array(link(), { maxLength: 5 }),
      fc.oneof({ weight: 4, arbitrary: fc.constant(head) }, fc.constantFrom(...EDGE_WORDS)),
    )
    .map(([fixed, links, first]) => assemble(head, capOffsetAt, fixed, links, first));
}

function assemble(
  head: number,
  capOffsetAt: number,
  fixed: Uint8Array,
  links: readonly ChainLink[],
  first: number,
): Uint8Array {
  const bytes = new Uint8Array(head + links.reduce((sum, each) => sum + 8 + each.body.length, 0));
  bytes.set(fixed.subarray(0, head));
  const view = new DataView(bytes.buffer);
  view.setUint32(capOffsetAt, links.length === 0 ? 0 : first, true);
  let at = head;
  for (const [index, each] of links.entries()) {
    const after = at + 8 + each.body.length;
    view.setUint16(at, each.id, true);
    view.setUint16(at + 2, each.version, true);
    view.setUint32(at + 4, nextOf(each, after, index === links.length - 1), true);
    bytes.set(each.body, at + 8);
    at = after;
  }
  return bytes;
}

function nextOf({ next }: ChainLink, after: number, isLast: boolean): number {
  if (next === "end" || (next === "right" && isLast)) return 0;
  return next === "right" ? after : next;
}

/** A whole answer around such bytes. */
export function hostileAnswer(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<HostileAnswer> {
  return fc.record({
    result: fc.oneof(
      { weight: 8, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.constantFrom(-14, -22, -25, 1, 2_147_483_647) },
    ),
    bytes,
    argsz: fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("kept" as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant("grown" as const), by: fc.nat(256) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant("set" as const),
          to: fc.constantFrom(...EDGE_WORDS),
        }),
      },
    ),
  });
}

/** Writes an answer into a caller's buffer, as the kernel's copy_to_user would. */
export function writeAnswer(answer: HostileAnswer, buffer: Uint8Array): number {
  if (answer.result < 0) return answer.result;
  const asked = buffer.length;
  buffer.set(answer.bytes.subarray(0, asked));
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  if (asked >= 4) view.setUint32(0, argszOf(answer, asked), true);
  return answer.result;
}

function argszOf({ argsz, bytes }: HostileAnswer, asked: number): number {
  if (argsz.kind === "set") return argsz.to;
  if (argsz.kind === "grown") return asked + argsz.by;
  // A kernel that is honest about the size needs what its chain takes.
  return Math.max(asked, bytes.length);
}
