import { createHmac } from 'node:crypto';
import { SegmentBuffer } from '@leafcutter/agent/domain/segments/segment-buffer';
import { SnowflakeGenerator } from '@leafcutter/agent/domain/snowflake/snowflake-generator';
import { LAYOUT_PRESETS, TWITTER_EPOCH_MS } from '@leafcutter/shared/layout';
import { OpaqueKeys } from '@leafcutter/shared/opaque-keys';
import { Shape } from '@leafcutter/shared/shape';
import { systemClock } from '@leafcutter/shared/system-clock';
import { type Round, type Row, ratios } from './rounds.ts';
import { snowflakeCapRow } from './snowflake-cap-row.ts';

const CALLS = 5_000_000;
const KEY = 'a-key-for-benchmarks-only';

type Id = number | bigint | string;

/** The baseline of `next()`: the least that a counter of the same kind costs behind a method call. */
interface Pair {
  readonly subject: () => () => Id;
  readonly baseline: () => () => Id;
  readonly atLeast?: number;
  /** Fewer if a call takes long. */
  readonly calls?: number;
}

const PAIRS: Readonly<Record<string, Pair>> = {
  'segment next() as a Number vs Number counter': {
    subject: segmentNumberNext,
    baseline: numberNext,
    atLeast: 0.5,
  },
  'segment next() as a bigint vs bigint counter': {
    subject: segmentBigintNext,
    baseline: bigintNext,
    atLeast: 0.8,
  },
  'segment next() as text vs String(Number counter)': {
    subject: segmentTextNext,
    baseline: textNext,
    atLeast: 0.8,
  },
  'snowflake next() vs bigint counter': { subject: snowflakeNext, baseline: bigintNext },
  'ORD-{base36:8} of a number vs String(bigint)': {
    subject: () => shaped('ORD-{base36:8}'),
    baseline: bigintTextNext,
  },
  'ORD-{opaque-base36} of a number vs an HMAC-SHA256 of it': {
    subject: () => shaped('ORD-{opaque-base36}'),
    baseline: hmacNext,
    calls: 200_000,
  },
};

/**
 * `next()` per second inside one process, beside a loop that counts up behind a method call. One loop calls them all,
 * so that none of them is compiled into it: an agent's doors do not inline each other's calls either.
 */
export function inProcessRows(rounds: number, progress: (text: string) => void): Row[] {
  const measured = new Map<string, Round[]>();
  for (let round = 0; round <= rounds; round++) {
    progress(round === 0 ? 'in process: warming up' : `in process: round ${round} of ${rounds}`);
    for (const [row, { subject, baseline, calls = CALLS }] of Object.entries(PAIRS)) {
      const pair = { subject: callsPerSecond(subject(), calls), baseline: callsPerSecond(baseline(), calls) };
      if (round > 0) measured.set(row, [...(measured.get(row) ?? []), pair]);
    }
  }
  const rows = [...measured].map(([row, pairs]) => ({
    row: `in process: ${row}`,
    unit: 'calls/s',
    ...(PAIRS[row]?.atLeast === undefined ? {} : { atLeast: PAIRS[row].atLeast }),
    ...ratios(pairs),
  }));
  return [...rows, snowflakeCapRow(rounds, progress)];
}

function callsPerSecond(next: () => Id, calls: number): number {
  let last: Id = 0;
  const begun = performance.now();
  for (let call = 0; call < calls; call++) last = next();
  const seconds = (performance.now() - begun) / 1_000;
  // The result is used, so that no compiler can drop the loop.
  if (last === 0 || last === '') throw new Error('no ID came of it');
  return calls / seconds;
}

function numberNext(): () => number {
  let value = 0;
  return () => {
    value += 1;
    return value;
  };
}

function bigintNext(): () => bigint {
  let value = 0n;
  return () => {
    value += 1n;
    return value;
  };
}

function textNext(): () => string {
  let value = 0;
  return () => {
    value += 1;
    return String(value);
  };
}

function bigintTextNext(): () => string {
  let value = 0n;
  return () => {
    value += 1n;
    return String(value);
  };
}

/** The usual choice for texts that tell nothing and need not be read back. */
function hmacNext(): () => string {
  let value = 0n;
  return () => {
    value += 1n;
    return createHmac('sha256', KEY).update(String(value)).digest('hex');
  };
}

/** Texts of numbers that count up. */
function shaped(text: string): () => string {
  const keys = new OpaqueKeys([`1=${KEY}`]);
  const shape = Shape.parse(text, keys.forTag('bench'));
  if (shape === undefined) throw new Error(`${text} is no shape`);
  let value = 0n;
  return () => {
    value += 1n;
    return shape.write(value);
  };
}

function segmentNumberNext(): () => number {
  const { buffer, refill } = neverDry();
  return () => {
    if (buffer.wantsNext) refill();
    const id = buffer.takeExact(systemClock);
    if (typeof id !== 'number') throw new Error('the buffer ran dry, or past what a Number holds');
    return id;
  };
}

function segmentBigintNext(): () => bigint {
  const { buffer, refill } = neverDry();
  return () => {
    if (buffer.wantsNext) refill();
    const id = buffer.takeOne(systemClock);
    if (id === undefined) throw new Error('the buffer ran dry');
    return id;
  };
}

function segmentTextNext(): () => string {
  const { buffer, refill } = neverDry();
  return () => {
    if (buffer.wantsNext) refill();
    const id = buffer.takeExact(systemClock);
    if (id === undefined) throw new Error('the buffer ran dry');
    return String(id);
  };
}

/** A buffer that has a segment as soon as it wants one. */
function neverDry(): { buffer: SegmentBuffer; refill: () => void } {
  const buffer = new SegmentBuffer(0.1);
  let end = 1n;
  const refill = () => {
    buffer.accept({ start: end, end: end + 1_000_000n }, systemClock.monotonic());
    end += 1_000_000n;
  };
  return { buffer, refill };
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
