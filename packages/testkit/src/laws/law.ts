// What a law is: a number from the catalogue of invariants, one sentence, and a function that throws.
//
// Numbers are those of docs/mutants.md and of every failure message, so that a broken law can be
// looked up. A law asserts; it never repairs and never makes a system call.

/** The invariants that are held here. */
export type LawId =
  | "I1"
  | "I2"
  | "I3"
  | "I4"
  | "I5"
  | "I6"
  | "I7"
  | "I8"
  | "I10"
  | "I11"
  | "I13"
  | "I14"
  | "I16"
  | "I17"
  | "I18"
  | "I19"
  | "I20"
  | "I21"
  | "I22"
  | "I23"
  | "I24"
  | "I25"
  | "I26"
  | "I30"
  | "I31"
  | "I32"
  | "I33"
  | "I34"
  | "I35"
  | "I38"
  | "I39"
  | "I40"
  | "I41"
  | "I43";

/** A law does not hold. `law` says which. */
export class LawBroken extends Error {
  override readonly name: string = "LawBroken";
  readonly law: LawId;

  constructor(law: LawId, what: string, cause?: unknown) {
    super(`${law} broken: ${what}`, cause === undefined ? undefined : { cause });
    this.law = law;
  }
}

/** Throws `LawBroken` unless `holds`. The text is made only then: laws run after every step. */
export function demand(law: LawId, holds: boolean, what: () => string): asserts holds {
  if (!holds) throw new LawBroken(law, what());
}
