// The graph of relative imports: what a set of files reaches, and where it runs in a circle.

/** The paths of `roots` and of everything they import relatively, directly or not. */
export function reachable(roots, edges) {
  const next = successors(edges);
  const seen = new Set(roots);
  for (const path of seen) for (const target of next.get(path) ?? []) seen.add(target);
  return seen;
}

/** Each cycle once, as the list of its files; `typeOnly` cycles vanish when types are erased. */
export function importCycles(edges) {
  const atRunTime = cyclesOf(successors(edges.filter((found) => !found.typeOnly)));
  const all = cyclesOf(successors(edges));
  const known = new Set(atRunTime.flat());
  return {
    runTime: atRunTime,
    typeOnly: all.filter((loop) => !loop.some((path) => known.has(path))),
  };
}

function successors(edges) {
  const next = new Map();
  for (const { file, target } of edges) {
    if (target === undefined) continue;
    next.set(file.path, [...(next.get(file.path) ?? []), target]);
  }
  return next;
}

function cyclesOf(next) {
  const done = new Set();
  const loops = [];
  const visit = (path, trail) => {
    const start = trail.indexOf(path);
    if (start >= 0) loops.push([...trail.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    for (const target of next.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of next.keys()) visit(path, []);
  return loops;
}
