import { describe, expect, test } from '@jest/globals';
import { compose, machineIdCount, type SnowflakeLayout, timestampEndMs } from './layout.ts';

/**
 * The IDs that a deployment can have issued, and those of them that another one issues again: layouts of a few bits,
 * with every timestamp, machine id and sequence. `docs/changing-the-layout.md` covers the same with many bits.
 */
interface Deployment {
  readonly layout: SnowflakeLayout;
  /** `[from, to)`, unix milliseconds; default: as long as the timestamp bits last. */
  readonly times?: readonly [number, number];
  /** `[first, last]`; default: all. */
  readonly machineIds?: readonly [number, number];
}

/** Timestamp, machine id and sequence take `3-2-2` bits; the epoch follows behind an `@`. */
function layout(text: string): SnowflakeLayout {
  const [timestampBits = 0, machineIdBits = 0, sequenceBits = 0, epochMs = 0] = text
    .split(/[-@]/)
    .map(Number);
  return { timestampBits, machineIdBits, sequenceBits, datacenterBits: 0, epochMs };
}

function idsOf({ layout, times, machineIds }: Deployment): bigint[] {
  const [from, to] = times ?? [layout.epochMs, timestampEndMs(layout)];
  const [first, last] = machineIds ?? [0, machineIdCount(layout) - 1];
  const ids: bigint[] = [];
  for (let timestampMs = from; timestampMs < to; timestampMs++) {
    for (let machineId = first; machineId <= last; machineId++) {
      for (let sequence = 0; sequence < 2 ** layout.sequenceBits; sequence++)
        ids.push(compose(layout, { timestampMs, machineId, sequence }));
    }
  }
  return ids;
}

/** How many IDs both issue. */
function repeated(one: Deployment, other: Deployment): number {
  const ids = new Set(idsOf(one));
  return idsOf(other).filter((id) => ids.has(id)).length;
}

/** Used up: every millisecond from 0 to below 8, by all machine ids. */
const OLD: Deployment = { layout: layout('3-2-2@0') };

/** Each pair of disjoint ranges of the machine ids that so many bits have. */
function* disjointRanges(bits: number): Generator<[[number, number], [number, number]]> {
  const count = 2 ** bits;
  for (let first = 0; first < count; first++)
    for (let last = first; last < count; last++)
      for (let next = last + 1; next < count; next++)
        for (let end = next; end < count; end++) {
          yield [
            [first, last],
            [next, end],
          ];
          yield [
            [next, end],
            [first, last],
          ];
        }
}

test('one deployment issues no ID twice, so that an ID which two issue is one that repeats', () => {
  expect(new Set(idsOf(OLD)).size).toBe(idsOf(OLD).length);
});

describe('a new deployment that goes on in the same ID space repeats no ID', () => {
  test('when its machine ids were never granted by the old one, and machineIdBits and sequenceBits stay', () => {
    let tried = 0;
    for (const [machineIds, others] of disjointRanges(2))
      for (const timestampBits of [2, 3, 4])
        for (let epochMs = 0; epochMs <= 8; epochMs++) {
          const next = { layout: layout(`${timestampBits}-2-2@${epochMs}`), machineIds: others };
          expect(repeated({ ...OLD, machineIds }, next)).toBe(0);
          tried++;
        }
    expect(tried).toBe(15 * 2 * 27);
  });

  test('when its layout ends below the lowest ID that the old one issued, whatever its bits and its epoch', () => {
    // The old one began in millisecond 4 of its epoch, so its lowest ID is 2^6.
    const old: Deployment = { ...OLD, times: [4, 8] };
    for (const bits of ['2-2-2', '1-3-2', '1-2-3', '3-2-1', '2-1-3', '4-1-1'])
      for (let epochMs = 0; epochMs <= 9; epochMs++)
        expect([bits, repeated(old, { layout: layout(`${bits}@${epochMs}`) })]).toEqual([bits, 0]);
  });

  test('when it has more timestamp bits above the same other bits and the same epoch, and starts after the last window', () => {
    for (const timestampBits of [4, 5]) {
      const wider = layout(`${timestampBits}-2-2@0`);
      expect(repeated(OLD, { layout: wider, times: [8, timestampEndMs(wider)] })).toBe(0);
    }
  });

  test('when it is a tag instead, whose numbers end below the lowest snowflake or start above the highest', () => {
    const ids = idsOf({ ...OLD, times: [4, 8] });
    const [lowest = 0n, highest = 0n] = [ids[0], ids.at(-1)];
    expect([lowest, highest]).toEqual([64n, 127n]);
    expect(ids.every((id) => id >= lowest && id <= highest)).toBe(true);
  });
});

/** Cures that were given or that suggest themselves, with how many of the old deployment's 128 IDs they repeat. */
describe('NEGATIVE CONTROL: it does repeat IDs', () => {
  const later: readonly [number, number] = [8, 16];
  test.each<[string, Deployment, Deployment, number]>([
    ['with a later epoch and the same machine ids', OLD, { layout: layout('3-2-2@8') }, 128],
    [
      'with a later epoch, one machine id of the old ones among many new',
      { ...OLD, machineIds: [0, 1] },
      { layout: layout('3-2-2@8'), machineIds: [1, 3] },
      32,
    ],
    ['with a timestamp bit taken from the machine id', OLD, { layout: layout('4-1-2@0'), times: later }, 64],
    ['with a timestamp bit taken from the sequence', OLD, { layout: layout('4-2-1@0'), times: later }, 64],
    ['with one more timestamp bit and a later epoch', OLD, { layout: layout('4-2-2@8') }, 128],
    [
      'with one more timestamp bit, started before the last window of the old one ended',
      OLD,
      { layout: layout('4-2-2@0'), times: [7, 16] },
      16,
    ],
    [
      'with machine ids of its own and other sequenceBits',
      { ...OLD, machineIds: [0, 1] },
      { layout: layout('3-2-3@8'), machineIds: [2, 3] },
      32,
    ],
    [
      'with machine ids of its own that one more bit made room for',
      OLD,
      { layout: layout('3-3-2@8'), machineIds: [4, 7] },
      64,
    ],
    [
      'with a layout that ends below an ID that was not the lowest',
      { ...OLD, times: [3, 8] },
      { layout: layout('2-2-2@8') },
      16,
    ],
  ])('%s', (_, old, next, ids) => {
    expect(repeated(old, next)).toBe(ids);
  });
});
