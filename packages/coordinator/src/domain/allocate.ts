import { LeafcutterError } from '@leafcutter/shared/errors';
import { CounterBehindError, NOTHING_REMEMBERED, type Remembered } from './counter-behind-error.ts';
import type { Fence } from './fence.ts';
import { type LostRange, lostEntry, lostRange, missedBelow } from './lost-range.ts';
import { LoweringForgottenError } from './lowering-forgotten-error.ts';
import { type CounterName, counterKey, type LedgerEntry, maxBigint, minBigint, type Range } from './range.ts';
import { type Locked, RETRY_REASONS } from './store.ts';

export interface AllocationEvents {
  /** The fence, or the ledger, remembered `by` more than the counter did. */
  counterBehind(name: CounterName, by: bigint): void;
  /** The fence was raised for `lost`, and the counter stood at `lost.start`: it is passed over now. */
  writesLost(name: CounterName, lost: LostRange): void;
  /** A range was allocated by the counter alone. */
  unfenced(name: CounterName): void;
  /** Nothing was allocated: Redis is away or takes no writes, and the range must not go unfenced. */
  unfencedRefused(name: CounterName, why: UnfencedRefusal): void;
  /** Redis is not the one that the database says; nothing was allocated. */
  fenceStrange(): void;
}

/** How one kind of range is taken. */
export interface Taking {
  /** What earlier attempts were told. */
  readonly remembered: Remembered;
  /** The range starts no lower than this. */
  readonly floor?: bigint;
  /** The end of a range that would start at `start`; throws where such a range must not be granted. */
  endOf(start: bigint): bigint;
  /**
   * Raises the counter and writes the ledger, in the open transaction; `lost` is a range to be entered as well.
   * @throws CounterBehindError where the ledger has a range that starts here already
   */
  write(range: Range, lost: readonly LedgerEntry[]): Promise<void>;
}

/**
 * Why no range may be allocated by the counter alone:
 * - unswept: the database may have forgotten something since the last sweep.
 * - too_long: ranges went unfenced for as long as they may, or may not at all.
 */
export type UnfencedRefusal = 'unswept' | 'too_long';

/** Whether ranges may be allocated by the counter alone while Redis is away, or takes no writes. */
export interface UnfencedRule {
  /**
   * Undefined: they may. `memory` is what the database of the locked row remembers; without it, the answer holds if
   * nothing else went back.
   */
  unfencedRefusal(memory?: Locked['memory']): UnfencedRefusal | undefined;
  /** One was. */
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
 * The range starts at the locked counter or the floor, and shares no number with any that the ledger has. It is written
 * first, then the fence is raised to its end, and the caller commits when this resolves: so the fence stands at the end
 * of every range that can be handed out, and what the database refuses moves no fence. Where fence or ledger remember
 * more, nothing moves, the transaction is rolled back and run again with that as its floor (`retrying`). A crash at any
 * line leaves a gap and nothing worse.
 *
 * @throws CounterBehindError, LoweringForgottenError, STORE_UNAVAILABLE with reason `fence_unclear`, `fence_stranger`,
 * `fence_unswept` or `fence_too_long`, and what `taking` throws
 */
export async function allocate(
  { fence, unfenced, events, coordinatorId }: Parts,
  locked: Locked,
  taking: Taking,
): Promise<Range> {
  const { value: counter, name, generation } = locked;
  const refusal = unfenced === undefined ? 'unswept' : unfenced.unfencedRefusal(locked.memory);
  const { remembered } = taking;
  const start = maxBigint(counter, maxBigint(taking.floor ?? 0n, remembered.value));
  try {
    const { ledgerEnd, ...free } = await besideLedger(locked, { start, end: taking.endOf(start) });
    const range = besideTaken(locked, free);
    const lost = lostRange(counter, remembered);
    const below = await askWhatIsMissed(fence, locked);
    const found = [below, lost].filter((one) => one !== undefined);
    const entries = await Promise.all(found.map((one) => lostEntry(locked, one, coordinatorId)));
    await taking.write(
      range,
      entries.filter((entry) => entry !== undefined),
    );
    const answer = await fence?.raise(name, {
      ...{ counter, ...range, generation, ledgerEnd, mayGoUnfenced: refusal === undefined },
    });
    if (answer?.kind === 'ahead') throw new CounterBehindError(name, answer);
    if (answer?.kind === 'lowered') throw new LoweringForgottenError(name);
    if (answer?.kind === 'stranger') throw strange(events);
    if (answer?.kind === 'away') {
      if (refusal !== undefined) throw mustBeFenced(name, refusal, events);
      unfenced?.wentUnfenced();
      events.unfenced(name);
    }
    for (const one of found) events.writesLost(name, one);
    return range;
  } catch (error) {
    if (error instanceof CounterBehindError) events.counterBehind(name, error.remembered.value - start);
    throw error;
  }
}

/**
 * The range as far as the ledger lets it reach. A counter that was lowered on purpose lies in a gap of the ledger and
 * ends with it; one that lies in a range, or at the start of one, went back by accident and starts above them all.
 */
async function besideLedger(locked: Locked, range: Range): Promise<Range & { ledgerEnd: bigint }> {
  const { name, ledgerTop } = locked;
  const { start, end } = range;
  if (end <= start) throw new Error(`empty range [${start}, ${end}) of ${counterKey(name)}`);
  if (ledgerTop <= start) return { ...range, ledgerEnd: ledgerTop };
  // In this order: ranges may become one between the two questions (`prune`), on another node of a Galera without our lock.
  const above = await locked.nextRangeStart(start);
  const ledgerEnd = await locked.ledgerEnd(start);
  if (ledgerEnd > start || above === start)
    throw new CounterBehindError(name, { ...NOTHING_REMEMBERED, value: ledgerTop });
  return { start, end: above === undefined ? end : minBigint(end, above), ledgerEnd };
}

/** As `missedBelow`, where the counter does not stand at the end of its ledger; nothing else would ever compare the two there. */
async function askWhatIsMissed(fence: Fence | undefined, locked: Locked): Promise<LostRange | undefined> {
  const asks = locked.name.kind === 'tag' && locked.value > locked.ledgerTop;
  return asks && fence?.available === true ? missedBelow(locked, await fence.read(locked.name)) : undefined;
}

/** The range as far as what was handed out above a lowered counter lets it reach. */
function besideTaken({ name, taken }: Locked, { start, end }: Range): Range {
  if (taken === undefined || start >= taken.end || end <= taken.start) return { start, end };
  if (start < taken.start) return { start, end: taken.start };
  throw new CounterBehindError(name, { ...NOTHING_REMEMBERED, value: taken.end });
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
