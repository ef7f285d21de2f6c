// Random histories of MAP and UNMAP against a model that knows only pages.
//
// After each step the device reaches exactly the model's pages, with the model's bytes, and the
// accounting is the sum of the model's mappings.

import fc from "fast-check";
import { expect, test } from "vitest";
import { EEXIST, EINVAL } from "../../errno.ts";
import { P } from "../../testing/raw-client.ts";
import { DEVICE, enabled } from "../../testing/ready.ts";

const PAGES = 24;

interface Step {
  readonly kind: "map" | "unmap";
  readonly first: number;
  readonly pages: number;
  readonly from: number;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("map", "map", "unmap"),
    first: fc.integer({ min: 0, max: PAGES - 1 }),
    pages: fc.integer({ min: 1, max: 8 }),
    from: fc.integer({ min: 0, max: 31 }),
  }),
  { maxLength: 25 },
);

/** What version 2 answers, from the mappings as a list of ranges. */
class Model {
  mappings: Step[] = [];

  apply(step: Step): { readonly rc: number; readonly pages: number } {
    const met = this.mappings.filter((mapping) => overlaps(mapping, step));
    if (step.kind === "map") {
      if (met.length > 0) return { rc: -EEXIST, pages: 0 };
      this.mappings.push(step);
      return { rc: 0, pages: step.pages };
    }
    const isCut = met.some((mapping) => !contains(step, mapping));
    if (isCut) return { rc: -EINVAL, pages: 0 };
    this.mappings = this.mappings.filter((mapping) => !met.includes(mapping));
    return { rc: 0, pages: met.reduce((sum, mapping) => sum + mapping.pages, 0) };
  }

  /** The page of memory behind a page of the bus, or -1. */
  behind(page: number): number {
    const mapping = this.mappings.find(({ first, pages }) => first <= page && page < first + pages);
    return mapping === undefined ? -1 : mapping.from + page - mapping.first;
  }
}

function overlaps(a: Step, b: Step): boolean {
  return a.first < b.first + b.pages && b.first < a.first + a.pages;
}

function contains(outer: Step, inner: Step): boolean {
  return outer.first <= inner.first && inner.first + inner.pages <= outer.first + outer.pages;
}

test("behavior: a device reaches exactly what the history left mapped", () => {
  fc.assert(
    fc.property(steps, (history) => {
      const { client, container, host } = enabled();
      const memory = client.memory(40);
      for (let page = 0; page < 40; page += 1) memory.bytes[page * P] = page + 1;
      const model = new Model();
      for (const step of history) {
        const iova = BigInt(step.first * P);
        const expected = model.apply(step);
        if (step.kind === "map") {
          const vaddr = memory.address + BigInt(step.from * P);
          expect(client.map(container, { vaddr, iova, size: step.pages * P })).toBe(expected.rc);
        } else {
          const answer = client.unmap(container, iova, step.pages * P);
          expect(answer.rc).toBe(expected.rc);
          if (answer.rc === 0) expect(answer.size).toBe(BigInt(expected.pages * P));
        }
      }
      const device = host.dma(DEVICE);
      for (let page = 0; page < PAGES + 8; page += 1) {
        const seen = new Uint8Array(1);
        const moved = device.read(BigInt(page * P), seen).moved;
        expect([moved, seen[0]]).toEqual(
          model.behind(page) < 0 ? [0, 0] : [1, model.behind(page) + 1],
        );
      }
      expect(client.lockedPages()).toBe(model.mappings.reduce((sum, { pages }) => sum + pages, 0));
      expect(client.available(container)).toBe(65_535 - model.mappings.length);
      expect(host.inspect.strayAccesses()).toEqual([]);
    }),
    { numRuns: 150 },
  );
});
