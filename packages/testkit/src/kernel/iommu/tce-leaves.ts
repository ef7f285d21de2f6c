// The last level of a TCE table as the kernel keeps it: hardware words and the user's view beside them.
//
// Leaves are made when they are first written. Each knows between which entries it was ever written, so
// that clearing a large empty window costs nothing. The user's view is made in pieces, for most windows
// are large and nearly empty.

/** A stretch of 2^indexBits entries. */
export interface Leaf {
  /** Two words for each entry, big-endian, in hardware's memory. */
  readonly words: Uint32Array;
  readonly view: UserView;
  /** Entries written since the leaf was made: from `low` to before `high`. */
  low: number;
  high: number;
}

const PIECE = 4096;

interface Piece {
  readonly addresses: Float64Array;
  readonly asked: Uint8Array;
}

/** What the user mapped, by entry: the address, and the access that was asked for. */
export class UserView {
  readonly #pieces = new Map<number, Piece>();
  #lastIndex = -1;
  #last: Piece | undefined;

  address(entry: number): number {
    return this.#at(Math.floor(entry / PIECE))?.addresses[entry % PIECE] ?? 0;
  }

  asked(entry: number): number {
    return this.#at(Math.floor(entry / PIECE))?.asked[entry % PIECE] ?? 0;
  }

  set(entry: number, address: number, permissions: number): void {
    const index = Math.floor(entry / PIECE);
    const piece = this.#at(index) ?? this.#make(index);
    piece.addresses[entry % PIECE] = address;
    piece.asked[entry % PIECE] = permissions;
  }

  #at(index: number): Piece | undefined {
    if (index === this.#lastIndex) return this.#last;
    const piece = this.#pieces.get(index);
    if (piece === undefined) return undefined;
    this.#lastIndex = index;
    this.#last = piece;
    return piece;
  }

  #make(index: number): Piece {
    const piece = { addresses: new Float64Array(PIECE), asked: new Uint8Array(PIECE) };
    this.#pieces.set(index, piece);
    return piece;
  }
}

export function newLeaf(words: Uint32Array): Leaf {
  return { words, view: new UserView(), low: words.length, high: 0 };
}

export function noteWritten(leaf: Leaf, index: number): void {
  if (index < leaf.low) leaf.low = index;
  if (index >= leaf.high) leaf.high = index + 1;
}
