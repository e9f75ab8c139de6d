import type { BufferView } from '@leafcutter/shared/wire';
import type { Refill } from './refill.ts';
import type { SegmentBuffer } from './segment-buffer.ts';

/** A tag's buffer in the form of `/v1/status`. */
export type TagStatus = Readonly<BufferView>;

/** Below this many IDs per second no runway is shown: it would be days, and wrong. */
const MIN_RATE_PER_SECOND = 0.05;

export function statusOf(
  tag: string,
  held: {
    readonly view: ReturnType<SegmentBuffer['view']>;
    readonly remaining: number;
    readonly ratePerSecond: number;
    readonly waiting: number;
  },
  refill: Pick<Refill, 'state' | 'lastError'>,
): TagStatus {
  const { view, remaining, ratePerSecond, waiting } = held;
  return {
    tag,
    ...view,
    remaining,
    ratePerSecond: oneDecimal(ratePerSecond),
    runwaySeconds: ratePerSecond < MIN_RATE_PER_SECOND ? null : oneDecimal(remaining / ratePerSecond),
    refill: refill.state,
    lastError: refill.lastError?.code ?? null,
    waiting,
  };
}

function oneDecimal(value: number): number {
  return Math.round(value * 10) / 10;
}
