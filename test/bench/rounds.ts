/** One pair of measurements, taken one after the other. */
export interface Round {
  readonly subject: number;
  readonly baseline: number;
}

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** A measured thing beside its baseline. */
export interface RatioRow {
  readonly row: string;
  readonly unit: string;
  readonly subject: Spread;
  readonly baseline: Spread;
  readonly ratio: Spread;
  /** What the median of the ratio has to reach, or must not pass. */
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly note?: string;
}

/** Figures without a baseline. */
interface FiguresRow {
  readonly row: string;
  readonly figures: Readonly<Record<string, string>>;
}

export type Row = RatioRow | FiguresRow;

/** Medians of both sides, and the ratio pair by pair, which holds when the machine's speed drifts. */
export function ratios(rounds: readonly Round[]): { subject: Spread; baseline: Spread; ratio: Spread } {
  return {
    subject: spread(rounds.map(({ subject }) => subject)),
    baseline: spread(rounds.map(({ baseline }) => baseline)),
    ratio: spread(rounds.map(({ subject, baseline }) => subject / baseline)),
  };
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return { min: at(0), median: at(sorted.length >> 1), max: at(sorted.length - 1) };
}

/** Whether a row reaches its target; undefined if it has none. */
export function reaches({ ratio, atLeast, atMost }: RatioRow): boolean | undefined {
  if (atLeast !== undefined) return ratio.median >= atLeast;
  return atMost === undefined ? undefined : ratio.median <= atMost;
}
