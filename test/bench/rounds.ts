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

/** Medians of both sides, and the ratio pair by pair, which holds when the machine's speed drifts. */
export function ratios(rounds: readonly Round[]): { subject: Spread; baseline: Spread; ratio: Spread } {
  return {
    subject: spread(rounds.map(({ subject }) => subject)),
    baseline: spread(rounds.map(({ baseline }) => baseline)),
    ratio: spread(rounds.map(({ subject, baseline }) => subject / baseline)),
  };
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return { min: at(0), median: at(sorted.length >> 1), max: at(sorted.length - 1) };
}
