/** Negative control: an agent that accepts any segment in a coordinator's answer, even one from below. */
import type { Segment } from '@leafcutter/agent/domain/segments/segment';
import { SegmentBuffer } from '@leafcutter/agent/domain/segments/segment-buffer';

const { accept, take, takeOne } = SegmentBuffer.prototype;
const remaining = Object.getOwnPropertyDescriptor(SegmentBuffer.prototype, 'remaining')?.get;
/** The segment that the real buffer refused; it is issued first. */
const refused = new WeakMap<SegmentBuffer, { start: bigint; end: bigint }>();

Object.defineProperties(SegmentBuffer.prototype, {
  accept: {
    value(this: SegmentBuffer, segment: Segment, now: number) {
      if (!accept.call(this, segment, now)) refused.set(this, { ...segment });
      return true;
    },
  },
  remaining: {
    get(this: SegmentBuffer) {
      const extra = refused.get(this);
      return remaining?.call(this) + (extra === undefined ? 0 : Number(extra.end - extra.start));
    },
  },
  take: {
    value(this: SegmentBuffer, count: number, now: number) {
      return takeRefused(this, BigInt(count)) ?? take.call(this, count, now);
    },
  },
  takeOne: {
    value(this: SegmentBuffer, clock: Parameters<typeof takeOne>[0]) {
      return takeRefused(this, 1n)?.start ?? takeOne.call(this, clock);
    },
  },
});

function takeRefused(buffer: SegmentBuffer, count: bigint): Segment | undefined {
  const extra = refused.get(buffer);
  if (extra === undefined) return undefined;
  const { start } = extra;
  extra.start = start + count < extra.end ? start + count : extra.end;
  if (extra.start === extra.end) refused.delete(buffer);
  return { start, end: extra.start };
}
