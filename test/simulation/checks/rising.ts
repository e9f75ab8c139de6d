import { type Evidence, short } from '../evidence.ts';

/** I3: an instance's IDs of a tag rise, and so do its snowflake IDs, over all its leases. */
export function checkRising(evidence: Evidence): void {
  for (const [tag, issues] of evidence.issues) {
    const reached = new Map<string, bigint>();
    for (const { start, end, instanceId } of issues) {
      const before = reached.get(instanceId) ?? 0n;
      if (start < before)
        evidence.violated('I3', `${short(instanceId)} issued ${tag} ${start} after ${before - 1n}`);
      reached.set(instanceId, end);
    }
  }
  for (const [instanceId, ids] of evidence.snowflakes) {
    const falls = ids.findIndex((id, index) => index > 0 && id <= (ids[index - 1] as bigint));
    if (falls > 0)
      evidence.violated('I3', `${short(instanceId)} made snowflake ID ${ids[falls]} after ${ids[falls - 1]}`);
  }
}
