import { type Evidence, short } from '../evidence.ts';

/** I1: no ID was issued twice for a tag, and no snowflake ID was made twice. */
export function checkUnique(evidence: Evidence): void {
  for (const [tag, issues] of evidence.issues) {
    const sorted = issues.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
    let highest = sorted[0];
    for (const issue of sorted.slice(1)) {
      if (highest !== undefined && issue.start < highest.end)
        evidence.violated(
          'I1',
          `${tag} ${issue.start} was issued by ${short(highest.instanceId)} and by ${short(issue.instanceId)}`,
        );
      if (highest === undefined || issue.end > highest.end) highest = issue;
    }
  }
  const made = BigUint64Array.from([...evidence.snowflakes.values()].flat()).sort();
  for (let index = 1; index < made.length; index++)
    if (made[index] === made[index - 1])
      evidence.violated('I1', `snowflake ID ${made[index]} was made twice`);
}
