/** A segment that lasted less than this is followed by a larger one, milliseconds. */
const DOUBLE_BELOW_MS = 15 * 60_000;
/**
 * A segment that lasted less than this is followed by one of the same size; a longer one by a smaller one,
 * milliseconds.
 */
const KEEP_BELOW_MS = 30 * 60_000;

/**
 * The seed rule: a segment that lasted less than 15 minutes is followed by one of twice its size, one that lasted
 * 15 to 30 minutes by one of the same size, one that lasted longer by one of half its size; never under the base
 * step, never over the max step. (Source: Leaf, `SegmentIDGenImpl.updateSegmentFromDb`.)
 *
 * Steps are in IDs; a base step above the max step wins, as the operator's explicit word.
 */
export function nextStep(
  last: { step: number; lastedMs: number },
  baseStep: number,
  maxStep: number,
): number {
  return clampStep(last.step * growth(last.lastedMs), baseStep, maxStep);
}

function growth(lastedMs: number): number {
  if (lastedMs < DOUBLE_BELOW_MS) return 2;
  return lastedMs < KEEP_BELOW_MS ? 1 : 0.5;
}

function clampStep(step: number, baseStep: number, maxStep: number): number {
  return Math.max(baseStep, Math.min(Math.floor(step), maxStep));
}

/** What an agent says about a tag when it asks for a segment. */
export interface StepDemand {
  /** IDs per second. */
  readonly ratePerSecond: number;
  /** IDs that callers wait for. */
  readonly waitingIds: number;
  /** The largest block of consecutive IDs that a caller waits for; 0 if nobody waits for one. */
  readonly blockIds: number;
  /** The last segment that was used up; absent until there is one. */
  readonly lastSegment?: { readonly step: number; readonly lastedMs: number } | undefined;
}

/**
 * The size of the next segment for a demand. If callers wait, and the seed rule would double or has nothing to go by
 * yet, the step goes straight to what lasts `targetDurationS` at the present rate, instead of doubling ten times
 * while they wait. It is never below what the waiting callers need. A block has to lie in one segment, so it counts
 * even if the rule would keep or halve the step.
 */
export function stepForDemand(
  demand: StepDemand,
  tag: { readonly baseStep: number; readonly maxStep: number; readonly targetDurationS: number },
): number {
  const { lastSegment, waitingIds, blockIds, ratePerSecond } = demand;
  const byRule = lastSegment === undefined ? tag.baseStep : nextStep(lastSegment, tag.baseStep, tag.maxStep);
  const growing = lastSegment === undefined || lastSegment.lastedMs < DOUBLE_BELOW_MS;
  const waitedFor = Math.max(waitingIds, Math.ceil(ratePerSecond * tag.targetDurationS));
  const byDemand = waitingIds === 0 || !growing ? blockIds : waitedFor;
  return Math.max(byRule, clampStep(byDemand, tag.baseStep, tag.maxStep));
}
