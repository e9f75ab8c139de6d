import { SegmentBuffer } from '@leafcutter/agent/domain/segment-buffer';
import { SnowflakeGenerator } from '@leafcutter/agent/domain/snowflake-generator';
import { LAYOUT_PRESETS, TWITTER_EPOCH_MS } from '@leafcutter/shared/layout';
import { systemClock } from '@leafcutter/shared/system-clock';
import { type Round, type Row, ratios } from './rounds.ts';

const CALLS = 5_000_000;

/** `next()` per second inside one process, beside a loop that counts up a bigint behind a method call. */
export function inProcessRows(rounds: number, progress: (text: string) => void): Row[] {
  const rows = { segment: [] as Round[], snowflake: [] as Round[] };
  for (let round = 0; round <= rounds; round++) {
    progress(round === 0 ? 'in process: warming up' : `in process: round ${round} of ${rounds}`);
    const segment = { subject: callsPerSecond(segmentNext()), baseline: callsPerSecond(counterNext()) };
    const snowflake = { subject: callsPerSecond(snowflakeNext()), baseline: callsPerSecond(counterNext()) };
    if (round === 0) continue;
    rows.segment.push(segment);
    rows.snowflake.push(snowflake);
  }
  return [
    { row: 'in process: segment next() vs bigint counter', unit: 'calls/s', ...ratios(rows.segment) },
    { row: 'in process: snowflake next() vs bigint counter', unit: 'calls/s', ...ratios(rows.snowflake) },
  ];
}

function callsPerSecond(next: () => bigint): number {
  let last = 0n;
  const begun = performance.now();
  for (let call = 0; call < CALLS; call++) last = next();
  const seconds = (performance.now() - begun) / 1_000;
  // The result is used, so that no compiler can drop the loop.
  if (last < 0n) throw new Error('an ID was negative');
  return CALLS / seconds;
}

function counterNext(): () => bigint {
  let value = 0n;
  return () => {
    value += 1n;
    return value;
  };
}

function segmentNext(): () => bigint {
  const buffer = new SegmentBuffer(0.1);
  const now = () => performance.now();
  let end = 1n;
  const refill = () => {
    buffer.accept({ start: end, end: end + 1_000_000n }, now());
    end += 1_000_000n;
  };
  return () => {
    if (buffer.wantsNext) refill();
    const id = buffer.takeOne(now);
    if (id === undefined) throw new Error('the buffer ran dry');
    return id;
  };
}

/** Its own ceiling is the layout's: 4,096 IDs a millisecond. It may run ahead of the clock as far as it likes here. */
function snowflakeNext(): () => bigint {
  const generator = new SnowflakeGenerator({
    clock: systemClock,
    rules: {
      layout: { ...LAYOUT_PRESETS.classic, datacenterBits: 0, epochMs: TWITTER_EPOCH_MS },
      sequenceStartMax: 1_023,
      maxClockDriftMs: 60_000,
    },
    events: { clockWentBack: () => undefined },
    random: Math.random,
  });
  const from = Date.now();
  generator.hold({ machineId: 1, from, to: from + 3_600_000 });
  return () => generator.next();
}
