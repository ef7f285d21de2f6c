// `iommukit targets`: what there is to run on, what it needs, and whether it is ready here.

import { table } from "../report/table.ts";
import type { Terminal } from "../report/terminal.ts";
import { TARGETS } from "../targets/list.ts";
import type { Readiness } from "../targets/target.ts";
import type { Invocation } from "./command.ts";

interface Listed {
  readonly target: string;
  readonly summary: string;
  readonly needs: string;
  readonly readiness: Readiness;
}

export async function runTargetsCommand({ json, terminal }: Invocation): Promise<number> {
  const listed = await Promise.all(
    TARGETS.map(async ({ name, summary, needs, readiness }): Promise<Listed> => {
      return { target: name, summary, needs, readiness: await readiness() };
    }),
  );
  if (json)
    for (const { readiness, ...rest } of listed)
      terminal.out(`${JSON.stringify({ ...rest, ...readiness })}\n`);
  else terminal.out(listText(listed, terminal));
  return 0;
}

function listText(listed: readonly Listed[], terminal: Terminal): string {
  const rows = listed.map(({ target, summary, readiness }) => [
    readiness.ready ? terminal.style("green", "ready") : terminal.style("yellow", "not ready"),
    target,
    summary,
  ]);
  const remedies = listed.flatMap(({ target, readiness }) =>
    readiness.ready ? [] : [`${target}: ${readiness.reason}\n  ${readiness.hint}\n`],
  );
  return [table(rows), ...(remedies.length > 0 ? ["\n"] : []), ...remedies].join("");
}
