import { LeafcutterError } from '@leafcutter/shared/errors';
import { CounterBehindError, NOTHING_REMEMBERED, type Remembered } from './counter-behind-error.ts';
import type { Fence, FenceAnswer, FenceMove } from './fence.ts';
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
import { RefusedByFenceError } from './refused-by-fence-error.ts';
import { type Advance, type Locked, type LockedGroup, RETRY_REASONS } from './store.ts';

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

/** How the range of one counter is taken. */
export interface Taking {
  /** What earlier attempts were told. */
  readonly remembered: Remembered;
  /** The range starts no lower than this. */
  readonly floor?: bigint;
  /** The end of a range that would start at `start`. Throws if such a range must not be granted. */
  endOf(start: bigint): bigint;
  /** What is written besides the counter. Throws if nobody wants the range any more. */
  noted(range: Range): Pick<Advance, 'entries' | 'taker'>;
}

/** A locked counter and how its range is taken, or why none is. */
export type Turn = { readonly locked: Locked } & (
  | { readonly taking: Taking }
  | { readonly refusal: unknown }
);

/** What a counter's turn came to. A range may be handed out once its transaction is committed. */
export type TurnOutcome = { readonly range: Range } | { readonly refusal: unknown };

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

export interface AllocationParts {
  readonly fence: Fence | undefined;
  /** Default: never. */
  readonly unfenced?: UnfencedRule | undefined;
  readonly events: AllocationEvents;
  readonly coordinatorId: string;
}

/** A range that is about to be written. */
interface Plan {
  readonly locked: Locked;
  readonly from: bigint;
  readonly told: Remembered;
  /** End of what the ledger has of the era. */
  readonly known: bigint;
  readonly range: Range;
  /** The later era that begins with the range. */
  readonly begins: Era | undefined;
  readonly noted: ReturnType<Taking['noted']>;
  /** Why it must not go unfenced; undefined if it may. */
  readonly mustBeFenced: UnfencedRefusal | undefined;
}

/**
 * The one primitive: takes the next range of each counter whose row the caller has locked (invariants I1, I2).
 *
 * A range starts at the locked counter or the floor, and above everything that the ledger has of the era. It ends
 * before the numbers that were handed out above. So it shares no number with any other range.
 *
 * The ranges are written first, then the fences are raised to their ends, and the caller commits when this resolves. So
 * a fence stands at the end of every range that can be handed out, and a range that the database refuses moves no
 * fence. If a fence remembers more, no fence moves: the transaction is rolled back, and run again with that as its floor
 * (`retrying`), the others' without it (`GroupCommit`). A crash at any line leaves gaps and nothing worse.
 *
 * A counter that is refused before anything is written is left out, and does not concern the others.
 *
 * @throws RefusedByFenceError, STORE_UNAVAILABLE with reason `fence_unclear`, and what the store throws
 */
export async function allocate(
  parts: AllocationParts,
  group: Pick<LockedGroup<Locked>, 'advance'>,
  turns: readonly Turn[],
): Promise<TurnOutcome[]> {
  const outcomes: TurnOutcome[] = [];
  const plans: Plan[] = [];
  for (const turn of turns) {
    const plan = await planned(turn, parts);
    if ('range' in plan) plans.push(plan);
    outcomes.push(plan);
  }
  if (plans.length === 0) return outcomes;
  await write(group, plans, parts.events);
  const remembered = await raise(parts, plans);
  for (const [index, plan] of plans.entries()) await enterLost(plan, remembered[index], parts);
  return outcomes;
}

async function planned(
  turn: Turn,
  { unfenced, events }: AllocationParts,
): Promise<Plan | { readonly refusal: unknown }> {
  if ('refusal' in turn) return turn;
  const { locked, taking } = turn;
  const mustBeFenced = unfenced === undefined ? 'unswept' : unfenced.unfencedRefusal(locked.memory);
  const { remembered } = taking;
  const told = compareEras(remembered, locked) === 0 ? remembered : NOTHING_REMEMBERED;
  const from = maxBigint(locked.value, maxBigint(taking.floor ?? 0n, told.value));
  const top = await eraTop(locked);
  try {
    if (top > from) throw behind(events, { locked, from }, { ...told, era: locked.era, value: top });
    const { range, begins } = rangeFrom(locked, from, taking);
    // A machine id's ledger never goes beyond its ceiling.
    const known = locked.name.kind === 'machine' ? locked.value : top;
    return { locked, from, told, known, range, begins, noted: taking.noted(range), mustBeFenced };
  } catch (refusal) {
    return { refusal };
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
): { range: Range; begins: Era | undefined } {
  const passes = taken !== undefined && from >= taken.start;
  const start = passes ? maxBigint(from, maxBigint(taken.end, ledgerTop)) : from;
  const end = taking.endOf(start);
  if (end <= start) throw new Error(`empty range [${start}, ${end}) of ${counterKey(name)}`);
  if (passes) return { range: { start, end }, begins: { era: (era ?? 0) + 1 } };
  return { range: { start, end: minBigint(end, taken?.start ?? end) }, begins: undefined };
}

async function write(
  group: Pick<LockedGroup<Locked>, 'advance'>,
  plans: readonly Plan[],
  events: AllocationEvents,
): Promise<void> {
  try {
    await group.advance(
      plans.map(({ locked, range, begins, noted }) => ({
        name: locked.name,
        to: range.end,
        era: begins,
        ...noted,
      })),
    );
  } catch (error) {
    // The ledger has a range that starts there, which is told of one counter only.
    const [plan] = plans;
    if (!(error instanceof CounterBehindError) || plan === undefined) throw error;
    throw behind(events, plan, error.remembered);
  }
}

/** Resolves to what was remembered of each, by the fence or by an earlier attempt. */
async function raise(
  { fence, unfenced, events }: AllocationParts,
  plans: readonly Plan[],
): Promise<(Remembered | undefined)[]> {
  if (fence === undefined) return plans.map(({ told }) => told);
  const answers = await fence.raise(plans.map(moveOf));
  const refusals = new Map<string, { refusal: unknown }>();
  const remembered = plans.map((plan, index) => {
    const answer = answers[index];
    if (answer === undefined) throw new Error('the fence did not answer for each counter');
    const refusal = refusalOf(answer, plan, events);
    if (refusal !== undefined) refusals.set(counterKey(plan.locked.name), { refusal });
    return answer.kind === 'ok' ? answer.before : plan.told;
  });
  if (refusals.size > 0) throw new RefusedByFenceError(refusals);
  for (const [index, { locked }] of plans.entries()) {
    if (answers[index]?.kind !== 'away') continue;
    unfenced?.wentUnfenced();
    events.unfenced(locked.name);
  }
  return remembered;
}

function moveOf({ locked, range, known, begins, mustBeFenced }: Plan): FenceMove {
  const { name, value, era, taken, generation } = locked;
  const mayGoUnfenced = mustBeFenced === undefined;
  return { name, ...range, counter: value, top: known, era, taken, begins, generation, mayGoUnfenced };
}

/** Why a range must not be handed out after this answer; undefined if it may. */
function refusalOf(answer: FenceAnswer, plan: Plan, events: AllocationEvents): LeafcutterError | undefined {
  const { name } = plan.locked;
  switch (answer.kind) {
    case 'ok':
      return undefined;
    case 'ahead':
      return behind(events, plan, answer);
    case 'forgotten':
      return new LoweringForgottenError(name);
    case 'unreadable':
      return answer.error;
    case 'stranger':
      return strange(events);
    case 'away':
      return plan.mustBeFenced && unfencedRefused(name, plan.mustBeFenced, events);
  }
}

/**
 * Enters what the fence remembered and the ledger lacks, in the same transaction. Nothing else would ever compare the
 * two.
 */
async function enterLost(
  { locked, known }: Plan,
  before: Remembered | undefined,
  { events, coordinatorId }: AllocationParts,
): Promise<void> {
  // What is remembered of an earlier era says nothing about this one.
  if (before === undefined || compareEras(before, locked) !== 0) return;
  const lost = lostRange(locked, known, before);
  if (lost === undefined) return;
  await locked.enter(await lostEntries(locked, lost, coordinatorId));
  events.writesLost(locked.name, lost);
}

function behind(
  events: AllocationEvents,
  { locked: { name }, from }: Pick<Plan, 'locked' | 'from'>,
  remembered: Remembered,
): CounterBehindError {
  events.counterBehind(name, remembered.value - from);
  return new CounterBehindError(name, remembered);
}

const MUST_BE_FENCED: Readonly<Record<UnfencedRefusal, readonly [reason: string, message: string]>> = {
  unswept: [
    'fence_unswept',
    'Redis is down or does not accept writes, and MySQL was down, restarted or replaced since the last sweep that saw both: it may have forgotten what only Redis knows. Grants resume on their own once Redis accepts writes.',
  ],
  too_long: [
    'fence_too_long',
    'Redis is down or does not accept writes, and no more ranges may be granted unfenced (redis.maxUnfencedS). Grants resume on their own once Redis accepts writes.',
  ],
};

function unfencedRefused(name: CounterName, why: UnfencedRefusal, events: AllocationEvents): LeafcutterError {
  events.unfencedRefused(name, why);
  const [reason, message] = MUST_BE_FENCED[why];
  return new LeafcutterError('STORE_UNAVAILABLE', message, { reason });
}

function strange(events: AllocationEvents): LeafcutterError {
  events.fenceStrange();
  return new LeafcutterError(
    'STORE_UNAVAILABLE',
    'This Redis is not the one that MySQL names for this deployment; check redis.url and redis.keyPrefix.',
    { reason: RETRY_REASONS.fenceStranger },
  );
}
