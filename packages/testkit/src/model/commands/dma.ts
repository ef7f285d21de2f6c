// Devices at work: an edu copies between two IOVAs under its driver, a rogue sweeps where it likes.

import fc from "fast-check";
import { REQUESTERS } from "../../laws/isolation.ts";
import { demand } from "../../laws/law.ts";
import { type CommandKind, command } from "../command.ts";
import type { ModelPage } from "../model.ts";
import { hex, place, slot } from "../places.ts";
import type { LiveContainer, World } from "../world.ts";
import { iovaOf } from "./map.ts";

/** Beyond the tags and marks of the probes. */
const AT = 64;
const LENGTH = 32;

export const EDU_COPY: CommandKind = {
  name: "edu copy",
  weight: 4,
  arbitrary: fc
    .record({ of: slot(), which: fc.nat(3), from: fc.nat(40), to: fc.nat(40) })
    .map(({ of, which, from, to }) =>
      command(
        `device ${which} of container ${of} copies from known page ${from} to known page ${to}`,
        (world) => copy(world, { of, which, from, to }),
      ),
    ),
};

export const ROGUE: CommandKind = {
  name: "rogue",
  weight: 3,
  arbitrary: fc
    .record({
      which: fc.nat(REQUESTERS.length - 1),
      range: place(8),
      access: fc.constantFrom("read" as const, "write" as const),
    })
    .map(({ which, range, access }) =>
      command(
        `${REQUESTERS[which]?.address} goes rogue: ${access}s ${range.pages} pages from ${hex(range.first)}`,
        (world) => sweep(world, which, range, access),
      ),
    ),
};

interface Copy {
  readonly of: number;
  readonly which: number;
  readonly from: number;
  readonly to: number;
}

function copy(world: World, request: Copy): void {
  const live = world.container(request.of);
  const edu = [...(live?.devices.values() ?? [])][request.which]?.edu;
  const known = [...world.known];
  const from = known[request.from % Math.max(1, known.length)];
  const to = known[request.to % Math.max(1, known.length)];
  if (live === undefined || edu === undefined || from === undefined || to === undefined) return;
  const source = bytesAt(live, from, "read");
  const target = bytesAt(live, to, "write");
  source?.fill((world.random.next() & 0xff) | 1);
  const sent = source?.slice();
  const kept = target?.slice();
  const done = { ok: false };
  world.perform(
    "edu copy",
    () => {
      edu.copyFromHost(iovaOf(from, BigInt(AT)), LENGTH);
      edu.copyToHost(iovaOf(to, BigInt(AT)), LENGTH);
      done.ok = true;
    },
    () => ({ refusals: [], elseLaw: "I2" }),
  );
  if (done.ok && target !== undefined) live.model.write(to);
  if (world.watch.fired !== undefined || target === undefined || from === to) return;
  if (sent !== undefined && source !== target)
    demand("I2", done.ok && target.every((byte, index) => byte === sent[index]), () => {
      return `the copy from page ${from} to page ${to} brought other bytes`;
    });
  else if (sent === undefined)
    // What a device sees of a blocked read is the machine's choice, but not somebody's memory.
    demand(
      "I1",
      target.every((byte) => byte === 0 || byte === kept?.[0]),
      () => {
        return `a blocked read of page ${from} brought bytes`;
      },
    );
}

function bytesAt(
  { model }: LiveContainer,
  page: number,
  access: "read" | "write",
): Uint8Array | undefined {
  const entry = model.pages.get(page);
  if (entry === undefined || !permits(entry, access)) return undefined;
  const { memory } = entry;
  if (memory === undefined) return undefined;
  const start = (entry.hostPage - memory.first) * 4096 + AT;
  return memory.bytes.subarray(start, start + LENGTH);
}

function permits({ access }: ModelPage, wanted: "read" | "write"): boolean {
  return access === "read-write" || access === wanted;
}

/** The rogue's report in bytes is exactly the pages that it may have. */
function sweep(
  world: World,
  which: number,
  range: { readonly first: number; readonly pages: number },
  access: "read" | "write",
): void {
  const requester = REQUESTERS[which];
  if (requester === undefined) return;
  const container = world.model.containerOf(requester.group);
  const pages = Array.from({ length: range.pages }, (_, index) => range.first + index);
  if (pages.some((page) => page >= 2 ** 52)) return;
  const entries = pages.map((page) => container?.pages.get(page));
  const due = entries.filter((entry) => entry !== undefined && permits(entry, access)).length;
  // Where writable implies readable, the reach of a read is not the model's to say.
  const vague = access === "read" && entries.some((entry) => entry?.access === "write");
  if (vague && container?.acceptsReadableWrites === true) return;
  const report = world.host
    .rogue(requester.address)
    .probePages(
      { start: BigInt(range.first) * 4096n + 16n, size: BigInt(range.pages) * 4096n },
      access,
    );
  if (access === "write")
    for (const [index, entry] of entries.entries())
      if (entry !== undefined && permits(entry, access)) container?.write(range.first + index);
  demand("I5", report.bytesReached === BigInt(due), () => {
    return `${requester.address} reached ${report.bytesReached} pages of ${due} from ${hex(range.first)}`;
  });
}
