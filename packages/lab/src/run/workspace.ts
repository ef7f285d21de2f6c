// A program made ready to run: bundled once for each kind of runner, in a folder that is removed.

import { randomBytes } from "node:crypto";
import { realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleProgram, checkProgram, type RunnerKind } from "../bundle/bundle.ts";
import { createStackMap, type StackMap } from "../bundle/stack.ts";
import { withRunFolder } from "../qemu/run-folder.ts";

export interface PreparedProgram {
  /** The bundle's path. */
  readonly file: string;
  /** Every copy of koffi that it imports: a file of each. */
  readonly koffi: readonly string[];
  readonly stacks: StackMap;
}

export interface Workspace {
  /** The bundle for a kind of runner, made at its first use. Valid errors: `file-invalid`. */
  prepare(kind: RunnerKind): Promise<PreparedProgram>;
}

/**
 * The workspace lives as long as `work`.
 *
 * Valid errors: `file-unreadable`, `file-kind`, `file-invalid`, `no-default-export`, those of `work`.
 */
export async function withWorkspace<Result>(
  file: string,
  work: (workspace: Workspace) => Promise<Result>,
): Promise<Result> {
  const program = await checkProgram(file);
  return await withRunFolder(async (folder) => {
    // The real path, because it is what stacks show.
    const place = await realpath(folder);
    const prepared = new Map<RunnerKind, Promise<PreparedProgram>>();
    return await work({
      prepare: (kind) => {
        const known = prepared.get(kind) ?? prepare(program, kind, join(place, `${kind}.mjs`));
        prepared.set(kind, known);
        return known;
      },
    });
  });
}

/** Unguessable, so that no program's output is taken for a message. */
export function newNonce(): string {
  return randomBytes(12).toString("hex");
}

async function prepare(program: string, kind: RunnerKind, file: string): Promise<PreparedProgram> {
  const { code, map, koffi } = await bundleProgram(program, kind, file);
  await writeFile(file, code);
  return { file, koffi, stacks: createStackMap({ file, map, program, folder: process.cwd() }) };
}
