import type { RefillState } from './refill.ts';
import type { SegmentView } from './segment-buffer.ts';

/** A tag's buffer as `/v1/status` shows it. */
export interface TagStatus {
  readonly tag: string;
  readonly current: SegmentView | null;
  readonly next: SegmentView | null;
  readonly remaining: number;
  readonly ratePerSecond: number;
  /** Seconds until the local IDs run out at the present rate; null where there is no rate. */
  readonly runwaySeconds: number | null;
  readonly refill: RefillState;
  readonly lastError: string | null;
  readonly waiting: number;
}
