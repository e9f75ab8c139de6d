import { hasCode } from '@leafcutter/shared/errors';
import type { AllocationEvents } from './allocate.ts';
import type { Fence, FenceAhead, FenceMark, FenceMove } from './fence.ts';
import { type LostRange, lostEntry, lostRange, missedBelow } from './lost-range.ts';
import { type CounterName, counterKey, type LedgerEntry, maxBigint, minBigint, type Range } from './range.ts';
import type { Locked, LockedTag, Store } from './store.ts';

interface Parts {
  readonly store: Store;
  readonly fence: Fence;
  readonly events: Pick<AllocationEvents, 'writesLost'>;
  readonly coordinatorId: string;
}

/**
 * Teaches the database what it forgot of a counter and the fence still knows, before Redis can forget it too (I1). A
 * COMMIT that failed is taken for one that was forgotten: it costs a gap, nothing else. Resolves to what was granted
 * above the counter, or undefined if nothing was, or not any more.
 *
 * - The counter is raised to the end of what was granted, and what the ledger lacks of that is entered.
 * - What was handed out above a counter that was lowered is noted and entered.
 * - What was granted below the counter is entered, too, if the ledger lacks it: the counter was set above it by hand, or
 *   the database forgot that it was lowered. In that case the fence then goes on above as well.
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
  return store.withMachineId(machineId, async (row) => raise(row, await fence.read(row.name), coordinatorId));
}

/**
 * Under the lock, because the counter may have risen, or an admin lowered both, since the fence was asked. With `goOnAbove` an
 * allocation has to go on above what was handed out there, though the counter does not stand there yet.
 */
export async function mendTag(parts: Parts, tag: string, goOnAbove = false): Promise<LostRange | undefined> {
  const { store, fence, coordinatorId } = parts;
  let passed: FenceMove | undefined;
  const lost = await store.withTag(tag, async (row) => {
    const mark = await fence.read(row.name);
    const { taken } = mark;
    if (taken === undefined) return raise(row, mark, coordinatorId);
    await keepTaken(row, taken, coordinatorId);
    const { value, generation, ledgerTop: ledgerEnd } = row;
    const knows = row.taken?.start === taken.start && row.taken.end === taken.end && value === taken.start;
    if ((value < taken.start || knows) && !goOnAbove) return raise(row, mark, coordinatorId);
    const start = maxBigint(value, taken.end);
    passed = {
      ...{ counter: value, start, end: start, mayPass: true },
      ...{ generation, ledgerEnd, mayGoUnfenced: false },
    };
    return enterBelow(row, mark, coordinatorId);
  });
  // Only now: a crash before leaves a fence that says so again.
  if (passed !== undefined) await fence.raise({ kind: 'tag', tag }, passed);
  return told(parts, { kind: 'tag', tag }, lost);
}

async function raise(row: Locked, mark: FenceMark, coordinatorId: string): Promise<LostRange | undefined> {
  const lost = lostRange(row.value, mark);
  if (lost === undefined) return enterBelow(row, mark, coordinatorId);
  const below = row.name.kind === 'tag' && row.value > row.ledgerTop ? missedBelow(row, mark) : undefined;
  const found = [below, lost].filter((range) => range !== undefined);
  const entries = await Promise.all(found.map((range) => lostEntry(row, range, coordinatorId)));
  await row.advance(
    lost.end,
    entries.filter((entry) => entry !== undefined),
  );
  return lost;
}

/** Notes what was handed out above a lowered counter, together with what the database knows of that. */
async function keepTaken(row: LockedTag, known: Range, coordinatorId: string): Promise<void> {
  // One that the counter has passed says nothing of what lies ahead.
  const old = row.taken !== undefined && row.taken.end > row.value ? row.taken : known;
  const all = { start: minBigint(known.start, old.start), end: maxBigint(known.end, old.end) };
  if (row.taken?.start === all.start && row.taken.end === all.end) return;
  const entry = await lostEntry(row, known, coordinatorId);
  if (entry !== undefined) await row.enter([entry]);
  await row.keepTaken(all);
}

/**
 * Enters what the fence knows was granted below the counter, as far as the ledger does not have it: the counter was set
 * above it by hand, or the database forgot that it was lowered. A machine id's ledger is no more than its ceiling.
 */
async function enterBelow(
  row: Locked,
  { value, granted, committed }: FenceMark,
  coordinatorId: string,
): Promise<LostRange | undefined> {
  const end = minBigint(minBigint(value, granted), row.value);
  if (row.name.kind === 'machine' || end === 0n) return undefined;
  const start = await row.ledgerEnd(end);
  if (start >= end) return undefined;
  const lost = { start, end, committed: committed > start };
  const entry = await lostEntry(row, lost, coordinatorId);
  if (entry !== undefined) await row.enter([entry]);
  return lost;
}

/** A tag without a row has no counter to raise. Made again, it starts above what the ledger has of it. */
async function rememberTag(
  { store, coordinatorId }: Parts,
  counter: CounterName,
  ahead: FenceAhead,
): Promise<LostRange | undefined> {
  const lost = lostRange(ahead.counter.value, ahead);
  const nowMs = await store.now();
  const ledgerEnd = async (below: bigint) => (await store.latestRanges(counter, below, 1))[0]?.end ?? 0n;
  const entries: LedgerEntry[] = [];
  for (const range of [lost, ahead.taken]) {
    const entry = range && (await lostEntry({ name: counter, nowMs, ledgerEnd }, range, coordinatorId));
    const before = entries.at(-1)?.end ?? 0n;
    if (entry !== undefined && entry.end > before)
      entries.push({ ...entry, start: maxBigint(entry.start, before) });
  }
  if (entries.length === 0) return undefined;
  await store.remember(counterKey(counter), entries);
  return lost;
}
