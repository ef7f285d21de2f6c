// What software sees of violations: one interrupt for each that is recorded, and every register as
// its handler expects it. Throws where that does not hold.

import { SeededRandom } from "../../../memory/random.ts";
import { primaryWords } from "./entry-codec.ts";
import { HandBuiltPamu } from "./hand-built.ts";

const LIODN = 0x2a;
const SIZE = 0x10_0000n;

/** A device that strays now and then, and a handler that clears what it reads. */
export function checkInterrupts(seed: number): void {
  const random = new SeededRandom(seed);
  const hand = new HandBuiltPamu();
  hand.putPrimary(LIODN, primaryWords({ size: SIZE, valid: true, access: 3 }));
  for (let round = 1; round <= 50; round++) {
    const first = SIZE + BigInt(random.below(2 ** 31));
    hand.access(LIODN, first);
    for (let more = random.below(3); more > 0; more--)
      hand.access(random.below(0x600), SIZE + BigInt(random.below(2 ** 31)));
    demand(hand.address("AVA") === first, "AVA is the first violation's address");
    demand(hand.read("AVS1") === LIODN * 0x1_0000 + 0x81, "AVS1 is the first violation's");
    demand(hand.interrupts.length === round, "one interrupt for a recorded violation");
    demand(hand.system.isRaised("violation"), "the line stays high until it is cleared");
    hand.write("AVS1", hand.read("AVS1"));
    demand(hand.read("AVS1") === LIODN * 0x1_0000, "a one clears each bit but the LIODN's");
    hand.write("PICS", hand.read("PICS"));
    demand(hand.read("PICS") === 4 && !hand.system.isRaised("violation"), "the line is low again");
    demand(hand.access(LIODN, SIZE - 1n) === SIZE - 1n, "the device itself goes on");
  }
}

function demand(holds: boolean, law: string): void {
  if (!holds) throw new Error(`broken: ${law}`);
}
