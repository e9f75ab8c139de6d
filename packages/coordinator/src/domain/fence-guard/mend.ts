import { hasCode, LeafcutterError } from '@leafcutter/shared/errors';
import type { AllocationEvents } from '../allocation/allocate.ts';
import type { Fence, FenceAhead, FenceMark } from '../allocation/fence.ts';
import { eraTop, type LostRange, lostEntries, lostRange } from '../allocation/lost-range.ts';
import {
  type CounterName,
  compareEras,
  counterKey,
  type Era,
  type LedgerEntry,
  maxBigint,
  minBigint,
  type Range,
} from '../allocation/range.ts';
import { type Locked, type LockedTag, RETRY_REASONS, type Store } from '../allocation/store.ts';
import { ACTORS } from '../trail/trail.ts';

interface Parts {
  readonly store: Store;
  readonly fence: Fence;
  readonly events: Pick<AllocationEvents, 'writesLost'>;
  readonly coordinatorId: string;
}

/**
 * Teaches the database what it forgot of a counter and the fence still knows, before the fence can forget it too
 * (I1). A COMMIT that failed is treated as one that was forgotten: it costs a gap, nothing else. Resolves to what was
 * granted and the database did not have, or to undefined if there is nothing (left) to mend.
 *
 * - The counter is raised to the end of what was granted in its era, and the ledger gets the entries that it lacks.
 * - A later era is learnt: where the counter stands in it, what was granted since, and what was handed out above.
 */
export async function mend(parts: Parts, ahead: FenceAhead): Promise<LostRange | undefined> {
  const { name, gone } = ahead.counter;
  if (name.kind === 'machine') return told(parts, name, await mendMachineId(parts, name.machineId));
  if (gone) return told(parts, name, await rememberTag(parts, name, ahead));
  try {
    return await mendTag(parts, name.tag);
  } catch (error) {
    if (!hasCode(error, 'TAG_UNKNOWN')) throw error;
    // Somebody deleted it by hand after it was swept.
    const [counter = ahead.counter] = await parts.store.countersOf([name]);
    const now = { ...(await parts.fence.read(name)), counter: { ...counter, gone: true } };
    return told(parts, name, await rememberTag(parts, name, now));
  }
}

function told({ events }: Parts, name: CounterName, lost: LostRange | undefined): LostRange | undefined {
  if (lost !== undefined) events.writesLost(name, lost);
  return lost;
}

async function mendMachineId(
  { store, fence, coordinatorId }: Parts,
  machineId: number,
): Promise<LostRange | undefined> {
  // A restored database may lack rows that were made since.
  await store.ensureMachineIds(machineId, machineId);
  return store.withMachineId(machineId, async (row) =>
    // A machine id's ledger never goes beyond its ceiling.
    raise(row, row.value, await fence.read(row.name), coordinatorId),
  );
}

/** Asks under the lock: since the fence was asked, the counter may have risen, or an admin may have lowered both. */
export async function mendTag(parts: Parts, tag: string): Promise<LostRange | undefined> {
  const { store, fence, coordinatorId } = parts;
  const lost = await store.withTag(tag, async (row) => {
    // Both at once, so that one fence answers both. We must learn nothing from another deployment's fence.
    const [identity, mark] = await Promise.all([fence.identity(), fence.read(row.name)]);
    if (identity?.generation !== row.generation) throw stranger();
    const later = compareEras(mark, row);
    if (later > 0) return learnEra(row, mark, coordinatorId);
    // What is remembered of an earlier era says nothing about this one.
    return later < 0 ? undefined : raise(row, await eraTop(row), mark, coordinatorId);
  });
  return told(parts, { kind: 'tag', tag }, lost);
}

async function raise(
  row: Locked,
  top: bigint,
  mark: FenceMark,
  coordinatorId: string,
): Promise<LostRange | undefined> {
  const lost = lostRange(row, top, mark);
  if (lost === undefined) return undefined;
  const entries = await lostEntries(row, lost, coordinatorId);
  if (lost.end > row.value) await row.advance(lost.end, entries);
  else await row.enter(entries);
  return lost;
}

/**
 * The counter goes to its value in the later era, which may be below its value in the database. Everything between
 * what the database still has and that value may have been granted since.
 */
async function learnEra(
  row: LockedTag,
  mark: FenceMark,
  coordinatorId: string,
): Promise<LostRange | undefined> {
  const { taken } = mark;
  // Nothing is known of eras in between: whatever the ledger lacks may have been granted in them.
  const isNext = compareEras(mark, row) === 1;
  const top = isNext ? minBigint(await eraTop(row), await eraTop({ ...row, taken })) : 1n;
  const lost = lostRange({ value: mark.value }, top, mark);
  const entries: LedgerEntry[] = [];
  for (const range of [lost, taken])
    if (range !== undefined) entries.push(...(await lostEntries(row, range, coordinatorId)));
  const { to, era } = await eraToLearn(row, mark);
  await row.advance(to, entries, era);
  // The lowering's own entry was lost with it, or its COMMIT failed.
  await row.note({
    actor: ACTORS.sweep,
    origin: '',
    coordinatorId,
    action: 'tag.lower',
    subject: row.tag.tag,
    before: { nextId: String(row.value) },
    after: { nextId: String(to) },
  });
  return entries.length > 0 ? lost : undefined;
}

/**
 * The era that a fence knows, or one more if the database has granted ranges since that the fence doesn't know. They
 * may lie above the free numbers, if the fence was away after a lowering whose COMMIT failed. Or they lie among the
 * free numbers, if the operator allowed unswept allocations at their own risk.
 */
async function eraToLearn(row: Locked, mark: FenceMark): Promise<{ to: bigint; era: Era }> {
  const { value, taken, era = 0 } = mark;
  const next = (await row.ledgerEnd(value)) > value ? value : await row.nextRangeStart(value);
  if (next === undefined) return { to: value, era: mark };
  const all = {
    start: minBigint(next, taken?.start ?? next),
    end: maxBigint(row.ledgerTop, taken?.end ?? 0n),
  };
  if (all.start === taken?.start && all.end === taken.end) return { to: value, era: mark };
  // No number of the era is free any more.
  if (all.start <= value) return { to: [row.value, value, all.end].reduce(maxBigint), era: { era: era + 1 } };
  return { to: value, era: { era: era + 1, taken: all } };
}

/** A tag without a row has no counter to raise. If the tag is made again, it starts above what the ledger has of it. */
async function rememberTag(
  { store, coordinatorId }: Parts,
  name: CounterName,
  ahead: FenceAhead,
): Promise<LostRange | undefined> {
  const { counter, taken } = ahead;
  const ledger = {
    ledgerEnd: async (below: bigint) => (await store.latestRanges(name, below, 1))[0]?.end ?? 0n,
    holes: (within: Range) => store.holes(name, within),
  };
  const [newest] = await store.latestRanges(name, undefined, 1);
  const isNear = compareEras(ahead, counter) <= 1;
  const top = isNear ? await eraTop({ ...ledger, ledgerTop: newest?.end ?? 0n, taken }) : 1n;
  const lost = lostRange(counter, top, ahead);
  const nowMs = await store.now();
  const entries: LedgerEntry[] = [];
  for (const range of [lost, taken])
    if (range !== undefined)
      entries.push(...(await lostEntries({ ...ledger, name, nowMs }, range, coordinatorId)));
  if (entries.length === 0) return undefined;
  await store.remember(counterKey(name), entries);
  return lost;
}

function stranger(): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', 'This Redis is not the one that MySQL names.', {
    reason: RETRY_REASONS.fenceStranger,
  });
}
