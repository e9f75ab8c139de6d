/**
 * The candidate that `given` was probably meant to be, or undefined when none is near. Case and separators
 * do not count, so `--snowflake.maxClockDriftMs` finds `--snowflake-max-clock-drift-ms`.
 */
function didYouMean(given: string, candidates: Iterable<string>): string | undefined {
  const bare = letters(given);
  // A third of the letters wrong is about as far as a typo goes; beyond, a suggestion misleads.
  let allowed = Math.max(1, Math.floor(bare.length / 3));
  let nearest: string | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(bare, letters(candidate));
    if (distance > allowed) continue;
    nearest = candidate;
    allowed = distance - 1;
  }
  return nearest;
}

/** `; did you mean --listen?`, or a full stop when nothing is near: the end of a sentence. */
export function suggestion(given: string, candidates: Iterable<string>): string {
  const nearest = didYouMean(given, candidates);
  return nearest === undefined ? '.' : `; did you mean ${nearest}?`;
}

function letters(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Levenshtein distance by rows (Wagner and Fischer, 1974). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
