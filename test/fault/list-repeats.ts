import type { Issued } from '@leafcutter/cli/verify/history';

interface Repeat {
  readonly ids: bigint[];
  readonly issuers: Set<string>;
}

/** What was issued twice: for each source a line that says how many IDs, from which to which, and by whom. */
export function listRepeats(calls: Iterable<Issued>): string[] {
  const firstIssuer = new Map<string, string>();
  const repeats = new Map<string, Repeat>();
  for (const { source, agent, ids } of calls) {
    for (const id of Array.from(ids)) {
      const key = `${source} ${id}`;
      const first = firstIssuer.get(key);
      if (first === undefined) firstIssuer.set(key, agent);
      else {
        const repeat = repeats.get(source) ?? { ids: [], issuers: new Set() };
        repeats.set(source, repeat);
        repeat.ids.push(id);
        repeat.issuers.add(first).add(agent);
      }
    }
  }
  return [...repeats].sort(([a], [b]) => (a < b ? -1 : 1)).map(([source, { ids, issuers }]) => {
    const sorted = ids.sort((a, b) => (a < b ? -1 : 1));
    return `${source}: ${ids.length} IDs twice, from ${sorted[0]} to ${sorted.at(-1)}, by ${[...issuers].sort().join(' and ')}`;
  });
}
