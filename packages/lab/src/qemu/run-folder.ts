/**
 * A temporary folder for the length of one run.
 *
 * The folder's name says whose it is, so that what a killed process left behind is removed by
 * the next run.
 */

import { rmSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "./cache.ts";
import { atProcessEnd } from "./last-resort.ts";

const PREFIX = "iommukit-run-";
const OWNED = new RegExp(`^${PREFIX}(\\d+)-\\w+$`);

/** The folder is gone when this settles, also if this process is told to end meanwhile. */
export async function withRunFolder<Result>(
  work: (folder: string) => Promise<Result>,
  parent: string = tmpdir(),
): Promise<Result> {
  await removeOrphans(parent);
  const folder = await mkdtemp(join(parent, `${PREFIX}${process.pid}-`));
  const release = atProcessEnd(() => rmSync(folder, { recursive: true, force: true }));
  try {
    return await work(folder);
  } finally {
    release();
    await rm(folder, { recursive: true, force: true });
  }
}

async function removeOrphans(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const [, owner] = OWNED.exec(name) ?? [];
    if (owner === undefined || isAlive(Number(owner))) continue;
    // Another user's folder stays; it is theirs to remove.
    await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
}
