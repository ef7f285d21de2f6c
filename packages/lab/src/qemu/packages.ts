/**
 * Debian packages: looks them up in the signed index.
 *
 * Kernels are found through the meta-package, because a point release removes the versioned
 * package of the one before from the archive.
 */

import { type AptState, parseAptProgress } from "./apt.ts";
import { writeAtomically } from "./cache.ts";
import { type Dependency, parseDepends, parseStanzas, type Stanza } from "./deb822.ts";
import { QemuError } from "./errors.ts";
import { type Executed, execute } from "./execute.ts";
import { APT, APT_CACHE, requireTool, type Tool } from "./tools.ts";

export interface Progress {
  readonly label: string;
  readonly received: number;
  readonly total: number;
}

export interface Watch {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface PackageRecord {
  readonly name: string;
  readonly version: string;
  readonly size: number;
  readonly sha256: string;
  readonly depends: readonly (readonly Dependency[])[];
}

/** Valid errors: `tool-missing`, `index-failed`, `aborted`. */
export async function refreshIndex(state: AptState, watch: Watch = {}): Promise<void> {
  const report = progressOf("package index", 100, watch);
  const { status, stderr } = await apt(APT, state, ["--yes", "update"], watch, report);
  if (status === 0) return report(100);
  throw new QemuError("index-failed", "Debian's package index could not be fetched.", {
    facts: { mirror: state.archive.mirror, suite: state.archive.suite, stderr },
    hint: "check the network and this machine's apt proxy, or name another mirror",
  });
}

/** Valid errors: `tool-missing`, `package-unknown`, `aborted`. */
export async function resolveKernel(
  state: AptState,
  metaPackage: string,
  watch: Watch = {},
): Promise<PackageRecord> {
  const meta = await show(state, metaPackage, watch);
  const kernel = parseDepends(meta.get("depends") ?? "")
    .flat()
    .find(({ name }) => name.startsWith("linux-image-"));
  if (kernel === undefined) throw unknown(state, metaPackage, "it depends on no kernel");
  const query = kernel.exactly === undefined ? kernel.name : `${kernel.name}=${kernel.exactly}`;
  return packageRecord(await show(state, query, watch));
}

/**
 * The packages named and all that they need, as apt would install them on an empty machine.
 *
 * Valid errors: `tool-missing`, `package-unknown`, `aborted`.
 */
export async function resolveClosure(
  state: AptState,
  names: readonly string[],
  watch: Watch = {},
): Promise<readonly PackageRecord[]> {
  await writeAtomically(state.installed, "");
  const simulate = ["--simulate", "--yes", "install", ...names];
  const { status, stdout, stderr } = await apt(APT, state, simulate, watch);
  if (status !== 0) throw unknown(state, names.join(" "), stderr.trim());
  const queries = parseSimulated(stdout.toString());
  const records = await apt(APT_CACHE, state, ["show", "--no-all-versions", ...queries], watch);
  return parseStanzas(records.stdout.toString()).map(packageRecord);
}

/** `Inst name (version …)`: what `apt-get --simulate` prints for each package, as name=version. */
export function parseSimulated(text: string): readonly string[] {
  return [...text.matchAll(/^Inst (\S+) \((\S+) /gm)].map(
    ([, name, version]) => `${name}=${version}`,
  );
}

/** Exported for its test: the pure half of looking a package up. */
export function packageRecord(stanza: Stanza): PackageRecord {
  const depends = ["pre-depends", "depends"].flatMap((field) =>
    parseDepends(stanza.get(field) ?? ""),
  );
  return {
    name: stanza.get("package") ?? "",
    version: stanza.get("version") ?? "",
    size: Number(stanza.get("size") ?? 0),
    sha256: stanza.get("sha256") ?? "",
    depends,
  };
}

async function show(state: AptState, query: string, watch: Watch): Promise<Stanza> {
  const { stdout } = await apt(APT_CACHE, state, ["show", "--no-all-versions", query], watch);
  const [stanza] = parseStanzas(stdout.toString());
  if (stanza === undefined) throw unknown(state, query, "it is not in the archive");
  return stanza;
}

/** Runs one of apt's programs on the private state. Valid errors: `tool-missing`, `aborted`. */
export async function apt(
  tool: Tool,
  { configuration }: AptState,
  args: readonly string[],
  { signal }: Watch,
  onPercent?: (percent: number) => void,
): Promise<Executed> {
  const options = onPercent ? ["-o", "APT::Status-Fd=3"] : [];
  return await execute(requireTool(tool), ["-c", configuration, ...options, ...args], {
    signal,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    ...(onPercent && {
      onStatus: (line) => {
        const percent = parseAptProgress(line);
        if (percent !== undefined) onPercent(percent);
      },
    }),
  });
}

/** `before`: what an earlier try left; apt finds it only after its first reports. */
export function progressOf(label: string, total: number, { onProgress }: Watch, before = 0) {
  return (percent: number): void => {
    const received = Math.max(before, Math.round((total * percent) / 100));
    onProgress?.({ label, received, total });
  };
}

function unknown({ archive }: AptState, query: string, why: string): QemuError {
  return new QemuError("package-unknown", `No package behind ${query}: ${why}.`, {
    facts: { mirror: archive.mirror, suite: archive.suite, architecture: archive.architecture },
  });
}
