/**
 * Fetches one package from the registry that this machine's npm uses, whatever its processor is.
 *
 * npm is asked because it knows the registry, the proxies and the credentials, and checks what
 * arrives against the registry's integrity digest.
 */

import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { QemuError } from "./errors.ts";
import { execute } from "./execute.ts";
import { NPM, requireTool, TAR } from "./tools.ts";

export interface NpmRequest {
  readonly name: string;
  readonly version: string;
  /** A folder of the caller's own, for the archive. */
  readonly scratch: string;
  /** The folder that receives the package's files; made here. */
  readonly into: string;
  /** Default: the registry of this machine's npm. */
  readonly registry?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Valid errors: `tool-missing`, `download-failed`, `unpack-failed`, `aborted`. */
export async function fetchFromNpm(request: NpmRequest): Promise<void> {
  const { name, version, scratch, into, registry, signal } = request;
  await mkdir(scratch, { recursive: true });
  const options = ["--pack-destination", scratch, "--loglevel", "error"];
  if (registry !== undefined) options.push("--registry", registry);
  const packed = await execute(requireTool(NPM), ["pack", ...options, `${name}@${version}`], {
    cwd: scratch,
    signal,
  });
  const archive = (await readdir(scratch)).find((file) => file.endsWith(".tgz"));
  if (packed.status !== 0 || archive === undefined)
    throw new QemuError("download-failed", `${name} could not be fetched.`, {
      facts: { version, stderr: packed.stderr },
      hint: "check the network and this machine's npm configuration, then run the command again",
    });
  await mkdir(into, { recursive: true });
  const args = ["-xzf", join(scratch, archive), "-C", into, "--strip-components=1"];
  const unpacked = await execute(requireTool(TAR), args, { signal });
  if (unpacked.status !== 0)
    throw new QemuError("unpack-failed", `${name} could not be unpacked.`, {
      facts: { version, stderr: unpacked.stderr },
      hint: "is there space left?",
    });
}
