import { counterKey, type Range } from '@leafcutter/coordinator/domain/allocation/range';
import { decode, type SnowflakeLayout } from '@leafcutter/shared/layout';
import { type Evidence, type Grant, short } from '../evidence.ts';

/** I2: a tag's segments are disjoint, a machine id's windows are disjoint. */
export function checkDisjointGrants(evidence: Evidence): void {
  for (const grants of groupBy(evidence.grants, nameOf).values()) {
    let highest: Grant | undefined;
    for (const grant of grants.sort(byStart)) {
      if (highest !== undefined && grant.start < highest.end)
        evidence.violated('I2', `${counterKey(grant.counter)}: ${text(highest)} and ${text(grant)} overlap`);
      if (highest === undefined || grant.end > highest.end) highest = grant;
    }
  }
}

/** I2: every ID lies in a segment or window that was granted to the instance that issued it. */
export function checkIssuedWasGranted(evidence: Evidence, layout: SnowflakeLayout): void {
  const granted = groupBy(evidence.grants, (grant) => `${nameOf(grant)} ${grant.instanceId}`);
  for (const grants of granted.values()) grants.sort(byStart);
  for (const [tag, issues] of evidence.issues)
    for (const issue of issues)
      if (!isCovered(issue, granted.get(`tag ${tag} ${issue.instanceId}`) ?? []))
        evidence.violated(
          'I2',
          `${tag} [${issue.start}, ${issue.end}) was never granted to ${short(issue.instanceId)}`,
        );
  for (const [instanceId, ids] of evidence.snowflakes)
    for (const id of ids) {
      const { machineId, timestampMs } = decode(layout, id);
      const moment = { start: BigInt(timestampMs), end: BigInt(timestampMs) + 1n };
      if (!isCovered(moment, granted.get(`machine ${machineId} ${instanceId}`) ?? []))
        evidence.violated(
          'I2',
          `snowflake ID ${id} (machine id ${machineId} at ${timestampMs}) lies in no window of ${short(instanceId)}`,
        );
    }
}

/** True if `ranges`, sorted by their starts, cover all of `range` without a gap. */
function isCovered(range: Range, ranges: readonly Range[]): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle] as Range).end <= range.start) low = middle + 1;
    else high = middle;
  }
  let next = range.start;
  for (let index = low; index < ranges.length && next < range.end; index++) {
    const { start, end } = ranges[index] as Range;
    if (start > next) return false;
    next = end;
  }
  return next >= range.end;
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

function byStart(a: Range, b: Range): number {
  return a.start < b.start ? -1 : a.start > b.start ? 1 : 0;
}

function nameOf({ counter }: Grant): string {
  return `${counter.kind} ${counterKey(counter)}`;
}

function text({ start, end, instanceId }: Grant): string {
  return `[${start}, ${end}) of ${short(instanceId)}`;
}
