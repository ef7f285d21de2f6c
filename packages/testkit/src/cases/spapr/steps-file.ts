// Memory that is a mapping of a file.

import type { Bench } from "../bench.ts";
import { type Step, step } from "../case.ts";

/** A shared mapping, through a descriptor that may only read. */
export function sharedFile(name: string, protection: "read"): Step {
  return step(`mmap(file, MAP_SHARED, ${protection}) as ${name}`, "mapped", (bench) =>
    mapFile(bench, name, { shared: true, protection }),
  );
}

export function privateFile(name: string): Step {
  return step(`mmap(file, MAP_PRIVATE) as ${name}`, "mapped", (bench) =>
    mapFile(bench, name, { shared: false }),
  );
}

function mapFile(
  bench: Bench,
  name: string,
  how: { readonly shared: boolean; readonly protection?: "read" },
): string {
  const length = bench.port.abi.pageSize;
  const { path } = bench.memoryFile(length);
  const fd = bench.keep("file", bench.port.open(path, how.shared ? "r" : "rw"));
  if (fd < 0) return `open answers ${fd}`;
  bench.addMemory(name, length, { fd, ...how });
  return "mapped";
}
