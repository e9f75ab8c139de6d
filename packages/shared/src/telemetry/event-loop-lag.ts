import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * prom-client has a timer look at the event loop a hundred times a second, which is half of what an idle agent does. With
 * this option its timer looks every 24 days.
 */
export const WITHOUT_LAG_TIMER = { eventLoopMonitoringPrecision: 2 ** 31 - 1 };

interface LagGauge {
  readonly name: string;
  readonly help: string;
  /** How the values of several workers become one. */
  readonly aggregator: 'min' | 'max' | 'average';
  /** Seconds; NaN if the loop has not turned since the last reading. The last gauge's begins a new reading. */
  read(): number;
}

/**
 * How late the event loop is, under prom-client's names: gauges that have to be read in their order. Each turn of the loop is
 * measured, and nothing wakes up to do so; before Node 26 it takes a timer.
 */
export function eventLoopLag(): readonly LagGauge[] {
  const delays = monitorEventLoopDelay({ samplePerIteration: true });
  delays.enable();
  const gauge = (
    of: string,
    aggregator: LagGauge['aggregator'],
    help: string,
    nanoseconds: () => number,
  ) => ({
    name: `nodejs_eventloop_lag_${of}_seconds`,
    help,
    aggregator,
    read: () => (delays.count === 0 ? Number.NaN : nanoseconds() / 1e9),
  });
  const percentile = (nth: number) =>
    gauge(`p${nth}`, 'average', `The ${nth}th percentile of the recorded event loop delays.`, () =>
      delays.percentile(nth),
    );
  const percentiles = [percentile(50), percentile(90), percentile(99)];
  const max = gauge('max', 'max', 'The maximum recorded event loop delay.', () => {
    const longest = delays.max;
    delays.reset();
    return longest;
  });
  return [
    gauge('min', 'min', 'The minimum recorded event loop delay.', () => delays.min),
    gauge('mean', 'average', 'The mean of the recorded event loop delays.', () => delays.mean),
    gauge(
      'stddev',
      'average',
      'The standard deviation of the recorded event loop delays.',
      () => delays.stddev,
    ),
    ...percentiles,
    max,
  ];
}
