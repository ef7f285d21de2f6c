/**
 * A private apt: Debian's own tool, on a state of its own.
 *
 * apt is used because it checks the archive's signature, resumes downloads, and knows this
 * machine's proxies and credentials. Its lists, cache and idea of what is installed are
 * redirected into our cache, so it needs no privileges and changes nothing on this machine;
 * the release and the architecture asked for need not be this machine's.
 */

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "./cache.ts";
import { QemuError } from "./errors.ts";

export interface Archive {
  /** The mirror's base address, as in a sources list. */
  readonly mirror: string;
  readonly suite: string;
  /** Debian's name for the architecture, such as amd64. */
  readonly architecture: string;
  /** The keys that vouch for the archive. "unsigned" is for archives made by tests. */
  readonly trust: { readonly keyring: string } | "unsigned";
  /** How often apt tries again by itself before it gives up. */
  readonly retries?: number | undefined;
}

export interface AptState {
  readonly archive: Archive;
  /** Given to every apt command with -c; read after the machine's own configuration. */
  readonly configuration: string;
  /** The list of packages that apt takes for installed. */
  readonly installed: string;
  /** Where complete downloads arrive. */
  readonly downloads: string;
}

/** Looked for in this order; the package debian-archive-keyring has it on every distribution. */
const KEYRINGS = [
  "/usr/share/keyrings/debian-archive-keyring.pgp",
  "/usr/share/keyrings/debian-archive-keyring.gpg",
];

/** Valid errors: `keyring-missing`. */
export function debianKeyring(candidates: readonly string[] = KEYRINGS): string {
  const keyring = candidates.find((path) => existsSync(path));
  if (keyring !== undefined) return keyring;
  throw new QemuError("keyring-missing", "The keys that vouch for Debian's archive are missing.", {
    facts: { looked: candidates.join(" ") },
    hint:
      "apt-get install debian-archive-keyring (Debian, Ubuntu), dnf install debian-keyring " +
      "(Fedora), pacman -S debian-archive-keyring (Arch)",
  });
}

/** Lays out the private state under `root`; harmless when it is there already. */
export async function prepareApt(root: string, archive: Archive): Promise<AptState> {
  const state: AptState = {
    archive,
    configuration: join(root, "apt.conf"),
    installed: join(root, "installed"),
    downloads: join(root, "cache/archives"),
  };
  await mkdir(join(root, "lists/partial"), { recursive: true });
  await mkdir(join(state.downloads, "partial"), { recursive: true });
  await writeAtomically(join(root, "sources.list"), sourcesList(archive));
  await writeAtomically(state.configuration, aptConfiguration(root, archive));
  await writeAtomically(state.installed, "");
  return state;
}

export function sourcesList({ mirror, suite, architecture, trust }: Archive): string {
  const vouched = trust === "unsigned" ? "trusted=yes" : `signed-by=${trust.keyring}`;
  return `deb [arch=${architecture} ${vouched}] ${mirror} ${suite} main\n`;
}

/**
 * The machine's hooks are cleared because they act on the machine's own state; its pins because
 * they may forbid our packages. Its proxies and credentials stay.
 */
export function aptConfiguration(root: string, archive: Archive): string {
  return `#clear APT::Architectures;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear Acquire::Languages;
APT::Architecture "${archive.architecture}";
APT::Architectures { "${archive.architecture}"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages { "none"; };
Acquire::Retries "${archive.retries ?? 3}";
Dir::Cache "${root}/cache";
Dir::Cache::archives "archives/";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::Etc::SourceList "${root}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State "${root}";
Dir::State::Lists "lists/";
Dir::State::status "${root}/installed";
`;
}

/** The percentage in a line of apt's status descriptor, for downloads only. */
export function parseAptProgress(line: string): number | undefined {
  const [, percent] = /^dlstatus:\d+:([\d.]+):/.exec(line) ?? [];
  return percent === undefined ? undefined : Number(percent);
}
