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

interface Parts {
  readonly store: Store;
  readonly fence: Fence;
  readonly events: Pick<AllocationEvents, 'writesLost'>;
  readonly coordinatorId: string;
}

/**
 * Teaches the database what it forgot of a counter and the fence still knows, before Redis can forget it too (I1). A
 * COMMIT that failed is taken for one that was forgotten: it costs a gap, nothing else. Resolves to what was granted
 * and the database did not have, or undefined if nothing was, or not any more.
 *
 * - The counter is raised to the end of what was granted in its era, and what the ledger lacks of that is entered.
 * - A later era is learnt, with where the counter stands in it, what was granted since, and what was handed out above.
 */
export async function mend(parts: Parts, ahead: FenceAhead): Promise<LostRange | undefined> {
  const { name, gone } = ahead.counter;
  if (name.kind === 'machine') return told(parts, name, await mendMachineId(parts, name.machineId));
  if (gone) return told(parts, name, await rememberTag(parts, name, ahead));
  try {
    return await mendTag(parts, name.tag);
  } catch (error) {
    if (!hasCode(error, 'TAG_UNKNOWN')) throw error;
    // Somebody deleted it by hand since it was swept.
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
    // A machine id's ledger is no more than its ceiling.
    raise(row, row.value, await fence.read(row.name), coordinatorId),
  );
}

/** Under the lock, because the counter may have risen, or an admin lowered both, since the fence was asked. */
export async function mendTag(parts: Parts, tag: string): Promise<LostRange | undefined> {
  const { store, fence, coordinatorId } = parts;
  const lost = await store.withTag(tag, async (row) => {
    // At once, so that one Redis answers both: another deployment's fence must teach us nothing.
    const [identity, mark] = await Promise.all([fence.identity(), fence.read(row.name)]);
    if (identity?.generation !== row.generation) throw stranger();
    const later = compareEras(mark, row);
    if (later > 0) return learnEra(row, mark, coordinatorId);
    // What is remembered of an earlier era says nothing of this one.
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
 * The counter goes to where it stands in the later era, which may be below where the database has it. What lies between what
 * the database still has and that may all have been granted since.
 */
async function learnEra(
  row: LockedTag,
  mark: FenceMark,
  coordinatorId: string,
): Promise<LostRange | undefined> {
  const { taken } = mark;
  // Of eras in between nothing is known: whatever the ledger does not have may have been granted in them.
  const isNext = compareEras(mark, row) === 1;
  const top = isNext ? minBigint(await eraTop(row), await eraTop({ ...row, taken })) : 1n;
  const lost = lostRange({ value: mark.value }, top, mark);
  const entries: LedgerEntry[] = [];
  for (const range of [lost, taken])
    if (range !== undefined) entries.push(...(await lostEntries(row, range, coordinatorId)));
  const { to, era } = await eraToLearn(row, mark);
  await row.advance(to, entries, era);
  return entries.length > 0 ? lost : undefined;
}

/**
 * The era that a fence knows of, or one more if the database has granted since what the fence does not know of: above the free
 * numbers, because Redis was away after a lowering whose COMMIT failed; or in them, at the operator's own risk.
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

/** A tag without a row has no counter to raise. Made again, it starts above what the ledger has of it. */
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
  return new LeafcutterError('STORE_UNAVAILABLE', 'Redis is not the one that MySQL says.', {
    reason: RETRY_REASONS.fenceStranger,
  });
}
