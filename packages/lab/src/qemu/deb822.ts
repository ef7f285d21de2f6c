/**
 * Reads the "Field: value" stanzas in which apt describes packages and repositories.
 *
 * The format is Debian's deb822(5); dependencies are those of Debian Policy, section 7.1.
 */

export type Stanza = ReadonlyMap<string, string>;

export interface Dependency {
  readonly name: string;
  /** The version after "=", for a dependency on exactly one version. */
  readonly exactly?: string;
}

/** Continuation lines keep their line breaks; field names are in lower case. */
export function parseStanzas(text: string): Stanza[] {
  return text
    .split(/\n\s*\n/)
    .map(parseStanza)
    .filter((stanza) => stanza.size > 0);
}

/** Groups of alternatives: all groups are needed, of each group any one member. */
export function parseDepends(field: string): Dependency[][] {
  return field
    .split(",")
    .map((group) => group.split("|").flatMap(parseDependency))
    .filter((group) => group.length > 0);
}

function parseStanza(text: string): Stanza {
  const stanza = new Map<string, string>();
  let field: string | undefined;
  for (const line of text.split("\n")) {
    const [, name, value] = /^([^\s:#][^\s:]*):\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) {
      field = name.toLowerCase();
      stanza.set(field, value.trimEnd());
    } else if (field !== undefined && /^\s+\S/.test(line)) {
      stanza.set(field, `${stanza.get(field)}\n${line.trim()}`);
    }
  }
  return stanza;
}

/** `name:arch (op version) [arch list] <profiles>`; only the first two parts matter here. */
function parseDependency(text: string): Dependency[] {
  const pattern =
    /^\s*([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?\s*(?:\(\s*([<>=]+)\s*([^\s)]+)\s*\))?/i;
  const [, name, operator, version] = pattern.exec(text) ?? [];
  if (name === undefined) return [];
  return [operator === "=" && version !== undefined ? { name, exactly: version } : { name }];
}
