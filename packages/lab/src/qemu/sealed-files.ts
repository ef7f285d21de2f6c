/**
 * Whether set-up files are still what they were, without reading them each time.
 *
 * Reading the root of a POWER guest takes half a second, three on a busy machine, and one run asks twice. So a check
 * that found all files whole leaves a seal beside the record: what the file system said of each file. While it says
 * the same, nothing is read. What a disk loses unknown to its file system is found by setting up, which always reads.
 */

import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "./cache.ts";
import { type Digests, damagedFile } from "./kernel-files.ts";

/** "nothing": the files are read whatever a seal says. */
export type Trust = "seal" | "nothing";

interface FileSet {
  readonly folder: string;
  readonly digests: Digests;
}

/**
 * File systems stamp changes in steps of 1 to 10 ms, some of 2 s: a younger file could change and look the same. The
 * clock is this machine's; a cache on a server whose clock is late by more is not told apart.
 */
const SETTLED_AFTER_NS = 2_500_000_000n;

/** The first file that is not there or not what it was. `seal`: the path of the seal. */
export async function unsealedDamage(
  seal: string,
  sets: readonly FileSet[],
  trust: Trust = "seal",
): Promise<string | undefined> {
  const seen = await look(sets).catch(() => undefined);
  const isSealed = seen !== undefined && seen.identity === (await readSeal(seal));
  if (isSealed && trust === "seal") return undefined;
  for (const { folder, digests } of sets) {
    const file = await damagedFile(folder, digests);
    if (file !== undefined) return file;
  }
  // A cache that cannot be written to is checked in full each time.
  if (seen?.isSettled === true) await writeAtomically(seal, seen.identity).catch(() => undefined);
  return undefined;
}

function readSeal(seal: string): Promise<string | undefined> {
  return readFile(seal, "utf8").catch(() => undefined);
}

interface Look {
  /** Of the promised digests and of each file's number, size and times. */
  readonly identity: string;
  readonly isSettled: boolean;
}

async function look(sets: readonly FileSet[]): Promise<Look> {
  const now = BigInt(Date.now()) * 1_000_000n;
  const hash = createHash("sha256");
  let newest = 0n;
  for (const { folder, digests } of sets) {
    const names = Object.keys(digests);
    const stats = await Promise.all(
      names.map((name) => stat(join(folder, name), { bigint: true })),
    );
    for (const [at, { ino, size, mtimeNs, ctimeNs }] of stats.entries()) {
      const name = names[at] ?? "";
      hash.update(
        `${JSON.stringify(name)} ${digests[name]} ${ino} ${size} ${mtimeNs} ${ctimeNs}\n`,
      );
      // No program can set ctime, so a change that puts mtime back is noticed too.
      if (ctimeNs > newest) newest = ctimeNs;
    }
  }
  return { identity: hash.digest("hex"), isSettled: now - newest > SETTLED_AFTER_NS };
}
