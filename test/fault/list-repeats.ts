import type { Issued } from '@leafcutter/cli/verify/history';

/** The IDs that were issued twice: a line for each source with how many, from which to which, and by whom. */
export function listRepeats(calls: Iterable<Issued>): string[] {
  const issuersOf = new Map<string, Map<bigint, string>>();
  const repeatsOf = new Map<string, { ids: bigint[]; issuers: Set<string> }>();
  for (const { source, agent, ids } of calls) {
    const issuers = issuersOf.get(source) ?? new Map<bigint, string>();
    issuersOf.set(source, issuers);
    for (const id of Array.from(ids)) {
      const first = issuers.get(id);
      if (first === undefined) issuers.set(id, agent);
      else {
        const repeats = repeatsOf.get(source) ?? { ids: [], issuers: new Set() };
        repeatsOf.set(source, repeats);
        repeats.ids.push(id);
        repeats.issuers.add(first).add(agent);
      }
    }
  }
  return [...repeatsOf].map(([source, { ids, issuers }]) => {
    const inOrder = ids.sort((a, b) => (a < b ? -1 : 1));
    const range = `from ${inOrder[0]} to ${inOrder.at(-1)}`;
    return `${source}: ${ids.length} IDs twice, ${range}, by ${[...issuers].sort().join(' and ')}`;
  });
}
