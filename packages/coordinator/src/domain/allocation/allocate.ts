import { LeafcutterError } from '@leafcutter/shared/errors';
import { CounterBehindError, NOTHING_REMEMBERED, type Remembered } from './counter-behind-error.ts';
import type { Fence } from './fence.ts';
import { eraTop, type LostRange, lostEntries, lostRange } from './lost-range.ts';
import { LoweringForgottenError } from './lowering-forgotten-error.ts';
import {
  type CounterName,
  compareEras,
  counterKey,
  type Era,
  maxBigint,
  minBigint,
  type Range,
} from './range.ts';
import { type Locked, RETRY_REASONS } from './store.ts';

export interface AllocationEvents {
  /** The fence, or the ledger, remembered `by` more than the counter did. */
  counterBehind(name: CounterName, by: bigint): void;
  /** The fence was raised for `lost`, but the counter stood at `lost.start`. The range is passed over now. */
  writesLost(name: CounterName, lost: LostRange): void;
  /** A range was allocated by the counter alone. */
  unfenced(name: CounterName): void;
  /** Nothing was allocated: the fence is away or takes no writes, and the range must not go unfenced. */
  unfencedRefused(name: CounterName, why: UnfencedRefusal): void;
  /** The fence is not the one that the database names; nothing was allocated. */
  fenceStrange(): void;
}

/** How one kind of range is taken. */
export interface Taking {
  /** What earlier attempts were told. */
  readonly remembered: Remembered;
  /** The range starts no lower than this. */
  readonly floor?: bigint;
  /** The end of a range that would start at `start`. Throws if such a range must not be granted. */
  endOf(start: bigint): bigint;
  /**
   * Raises the counter and writes the ledger, in the open transaction. If there is an `era`, it begins with the
   * range.
   * @throws CounterBehindError if the ledger already has a range that starts here
   */
  write(range: Range, era: Era | undefined): Promise<void>;
}

/**
 * Why no range may be allocated by the counter alone:
 * - unswept: the database may have forgotten something since the last sweep.
 * - too_long: ranges have gone unfenced for the longest time allowed, or must not go unfenced at all.
 */
export type UnfencedRefusal = 'unswept' | 'too_long';

/** Whether ranges may be allocated by the counter alone while the fence is away or takes no writes. */
export interface UnfencedRule {
  /**
   * Undefined if they may. `memory` is what the database of the locked row remembers. Without it, the answer assumes
   * that this database has not gone back.
   */
  unfencedRefusal(memory?: Locked['memory']): UnfencedRefusal | undefined;
  /** A range went unfenced. */
  wentUnfenced(): void;
}

interface Parts {
  readonly fence: Fence | undefined;
  /** Default: never. */
  readonly unfenced?: UnfencedRule | undefined;
  readonly events: AllocationEvents;
  readonly coordinatorId: string;
}

/**
 * The one primitive: takes the next range of a counter whose row the caller has locked (invariants I1, I2).
 *
 * The range starts at the locked counter or the floor, and above everything that the ledger has of the era. It ends
 * before the numbers that were handed out above. So it shares no number with any other range.
 *
 * The range is written first, then the fence is raised to its end, and the caller commits when this resolves. So the
 * fence stands at the end of every range that can be handed out, and a range that the database refuses moves no
 * fence. If the fence or the ledger remembers more, nothing moves: the transaction is rolled back and run again with
 * that as its floor (`retrying`). A crash at any line leaves a gap and nothing worse.
 *
 * @throws CounterBehindError, LoweringForgottenError, STORE_UNAVAILABLE with reason `fence_unclear`,
 * `fence_stranger`, `fence_unswept` or `fence_too_long`, and what `taking` throws
 */
export async function allocate(
  { fence, unfenced, events, coordinatorId }: Parts,
  locked: Locked,
  taking: Taking,
): Promise<Range> {
  const { name, generation } = locked;
  const refusal = unfenced === undefined ? 'unswept' : unfenced.unfencedRefusal(locked.memory);
  const { remembered } = taking;
  const told = compareEras(remembered, locked) === 0 ? remembered : NOTHING_REMEMBERED;
  const from = maxBigint(locked.value, maxBigint(taking.floor ?? 0n, told.value));
  try {
    const top = await eraTop(locked);
    if (top > from) throw new CounterBehindError(name, { ...told, era: locked.era, value: top });
    // A machine id's ledger never goes beyond its ceiling.
    const known = name.kind === 'machine' ? locked.value : top;
    const { range, begins } = rangeFrom(locked, from, taking);
    await taking.write(range, begins);
    const answer = await fence?.raise(name, {
      ...range,
      counter: locked.value,
      top: known,
      era: locked.era,
      taken: locked.taken,
      begins,
      generation,
      mayGoUnfenced: refusal === undefined,
    });
    if (answer?.kind === 'ahead') throw new CounterBehindError(name, answer);
    if (answer?.kind === 'forgotten') throw new LoweringForgottenError(name);
    if (answer?.kind === 'stranger') throw strange(events);
    if (answer?.kind === 'away') {
      if (refusal !== undefined) throw mustBeFenced(name, refusal, events);
      unfenced?.wentUnfenced();
      events.unfenced(name);
    }
    const before = answer?.kind === 'ok' ? answer.before : told;
    await enterLost(locked, known, before, { events, coordinatorId });
    return range;
  } catch (error) {
    if (error instanceof CounterBehindError) events.counterBehind(name, error.remembered.value - from);
    throw error;
  }
}

/**
 * The range that starts at `from`, cut short at the numbers that were handed out above. If `from` has reached those
 * numbers, the range starts above them and begins a new era.
 */
function rangeFrom(
  { name, era, taken, ledgerTop }: Locked,
  from: bigint,
  taking: Taking,
): { range: Range; begins?: Era } {
  const passes = taken !== undefined && from >= taken.start;
  const start = passes ? maxBigint(from, maxBigint(taken.end, ledgerTop)) : from;
  const end = taking.endOf(start);
  if (end <= start) throw new Error(`empty range [${start}, ${end}) of ${counterKey(name)}`);
  if (passes) return { range: { start, end }, begins: { era: (era ?? 0) + 1 } };
  return { range: { start, end: minBigint(end, taken?.start ?? end) } };
}

/**
 * Enters what the fence remembered and the ledger lacks, in the same transaction. Nothing else would ever compare the
 * two.
 */
async function enterLost(
  locked: Locked,
  top: bigint,
  before: Remembered | undefined,
  { events, coordinatorId }: Pick<Parts, 'events' | 'coordinatorId'>,
): Promise<void> {
  // What is remembered of an earlier era says nothing about this one.
  if (before === undefined || compareEras(before, locked) !== 0) return;
  const lost = lostRange(locked, top, before);
  if (lost === undefined) return;
  await locked.enter(await lostEntries(locked, lost, coordinatorId));
  events.writesLost(locked.name, lost);
}

const MUST_BE_FENCED: Readonly<Record<UnfencedRefusal, readonly [reason: string, message: string]>> = {
  unswept: [
    'fence_unswept',
    'Redis is away, and MySQL was away, restarted or exchanged since the last sweep that saw both: it may have forgotten what only Redis knows. Grants go on by themselves once Redis is back.',
  ],
  too_long: [
    'fence_too_long',
    'Redis is away or takes no writes, and ranges may not go unfenced any longer (redis.maxUnfencedS). Grants go on by themselves once Redis takes writes.',
  ],
};

function mustBeFenced(name: CounterName, why: UnfencedRefusal, events: AllocationEvents): LeafcutterError {
  events.unfencedRefused(name, why);
  const [reason, message] = MUST_BE_FENCED[why];
  return new LeafcutterError('STORE_UNAVAILABLE', message, { reason });
}

function strange(events: AllocationEvents): LeafcutterError {
  events.fenceStrange();
  return new LeafcutterError(
    'STORE_UNAVAILABLE',
    'Redis is not the one that MySQL says belongs to this deployment; check redis.url and redis.keyPrefix.',
    { reason: RETRY_REASONS.fenceStranger },
  );
}
