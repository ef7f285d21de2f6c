// A guest of 16 GiB in a window of 64 KiB pages, through the simulated kernel: what it takes and reaches.

import { expect, test } from "vitest";
import { SpaprClient, W1 } from "../kernel/testing/spapr-client.ts";
import { powernv64k } from "./powernv.ts";
import { simulatedHost } from "./simulated-host.ts";

const GIB = 2 ** 30;
const GIGABYTES = 16;
const PAGE = 65_536;
const DEVICE = "0000:00:02.0";
/** The goal is 2 s, which the line that is printed is read against; a test may share its processors. */
const PATIENCE_MS = 20_000;

test("behavior: 262,144 TCEs are made and taken away, and each reaches its own page", () => {
  const host = simulatedHost(powernv64k({ memoryLayout: "scattered" }));
  const client = new SpaprClient(host.port);
  const container = client.ready(2, 2);
  const memories = Array.from({ length: GIGABYTES }, () => client.memory(GIB));
  // Not at 0: there the last 64 KiB below 4 GiB are the port for messages.
  expect(client.create(container, 16, 1n << 34n, 2)).toEqual({ rc: 0, start: W1 });
  const started = performance.now();
  for (const [index, memory] of memories.entries()) {
    expect(client.register(container, memory.address, GIB)).toBe(0);
    expect(client.map(container, 3, memory.address, W1 + BigInt(index * GIB), GIB)).toBe(0);
  }
  const took = performance.now() - started;
  process.stdout.write(`16 GiB of 64 KiB pages registered and mapped in ${took.toFixed(0)} ms\n`);
  expect(took).toBeLessThan(PATIENCE_MS);
  for (const [index, memory] of memories.entries())
    for (const page of [0, 1, 8191, 16_383]) {
      const at = page * PAGE + 4096 * (page % 16) + 8;
      memory.bytes[at] = 1 + ((index * 7 + page) % 250);
      const read = new Uint8Array(1);
      expect(host.dma(DEVICE).read(W1 + BigInt(index * GIB + at), read).moved).toBe(1);
      expect(read[0]).toBe(memory.bytes[at]);
    }
  expect(client.unmap(container, W1, 1n << 34n)).toBe(0);
  for (const page of [0n, 16_383n, 262_143n])
    expect(host.dma(DEVICE).read(W1 + page * BigInt(PAGE), new Uint8Array(1)).moved).toBe(0);
});
