import { describe, expect, test } from '@jest/globals';
import { findDuplicates, findFallingIds, findOverlaps, findUngranted } from './checks.ts';
import type { Issued } from './history.ts';

/** A call by instance `i` that left at `from` and was answered at `to`. */
function call(from: number, to: number, ids: bigint[], rest: Partial<Issued> = {}): Issued {
  return { agent: 'a', instanceId: 'i', source: 't', invokedNs: from, completedNs: to, ids, ...rest };
}

function range(start: bigint, end: bigint, rest: { name?: string; kind?: string; instanceId?: string } = {}) {
  return { kind: 't', name: 't', start, end, instanceId: 'i', ...rest };
}

const never = () => ({ machineId: 0, timestampMs: 0 });

describe('duplicates', () => {
  test('are found across calls, agents and within an answer, each with its calls', () => {
    const calls = [
      call(0, 1, [1n, 2n]),
      call(2, 3, [2n, 3n], { agent: 'b', instanceId: 'j' }),
      call(4, 5, [9n, 9n]),
    ];
    expect(findDuplicates(calls)).toEqual([
      { source: 't', id: 2n, calls: [calls[0], calls[1]] },
      { source: 't', id: 9n, calls: [calls[2], calls[2]] },
    ]);
  });

  test('are none where the same number belongs to two tags', () => {
    expect(findDuplicates([call(0, 1, [1n]), call(2, 3, [1n], { source: 'u' })])).toEqual([]);
  });

  test('are told up to 20 a source', () => {
    const ids = Array.from({ length: 50 }, (_, index) => BigInt(index));
    expect(findDuplicates([call(0, 1, ids), call(2, 3, ids)])).toHaveLength(20);
  });
});

describe('falling IDs', () => {
  test('are found where a call left after a higher ID was answered', () => {
    const [early, late] = [call(0, 10, [5n]), call(11, 20, [4n])];
    expect(findFallingIds([early, late])).toEqual([{ source: 't', id: 4n, calls: [early, late] }]);
    expect(findFallingIds([late, early])).toHaveLength(1);
  });

  test('are found against the highest before, not only the last', () => {
    expect(findFallingIds([call(0, 1, [9n]), call(0, 2, [3n]), call(3, 4, [5n])])).toHaveLength(1);
  });

  test('are found within one answer', () => {
    expect(findFallingIds([call(0, 1, [1n, 3n, 2n])])).toMatchObject([{ id: 2n }]);
    expect(findFallingIds([call(0, 1, [1n, 1n])])).toHaveLength(1);
  });

  test('are none where the calls overlap, or belong to two instances, sources or nobody knows whom', () => {
    const early = call(0, 10, [5n]);
    expect(findFallingIds([early, call(10, 20, [4n])])).toEqual([]);
    expect(findFallingIds([early, call(5, 20, [4n])])).toEqual([]);
    expect(findFallingIds([early, call(11, 20, [4n], { instanceId: 'j' })])).toEqual([]);
    expect(findFallingIds([early, call(11, 20, [4n], { source: 'u' })])).toEqual([]);
    expect(findFallingIds([early, call(11, 20, [4n], { instanceId: undefined })])).toEqual([]);
  });
});

describe('overlaps', () => {
  test('are found between neighbours, and with a range that reaches over its neighbour', () => {
    expect(findOverlaps([range(1n, 11n), range(10n, 20n)])).toEqual(['t: [1, 11) and [10, 20)']);
    expect(findOverlaps([range(1n, 100n), range(10n, 20n), range(30n, 40n)])).toHaveLength(2);
    expect(findOverlaps([range(1n, 11n), range(11n, 20n), range(1n, 5n, { name: 'u' })])).toEqual([]);
  });
});

describe('ungranted IDs', () => {
  test('are none where MySQL lost the range and it was entered as lost: whose it was, nobody knows', () => {
    const lost = range(1n, 10n, { instanceId: '00000000-0000-0000-0000-000000000000' });
    expect(findUngranted([call(0, 1, [5n])], [lost], never)).toEqual([]);
    expect(findUngranted([call(0, 1, [10n])], [lost], never)).toHaveLength(1);
  });

  test('are those in no range of their instance', () => {
    const ledger = [range(1n, 11n), range(20n, 30n), range(11n, 20n, { instanceId: 'j' })];
    expect(findUngranted([call(0, 1, [1n, 10n, 20n, 29n])], ledger, never)).toEqual([]);
    expect(findUngranted([call(0, 1, [5n, 11n])], ledger, never)).toMatchObject([{ id: 11n }]);
    expect(findUngranted([call(0, 1, [30n])], ledger, never)).toHaveLength(1);
    expect(findUngranted([call(0, 1, [5n], { instanceId: 'j' })], ledger, never)).toHaveLength(1);
  });

  test('of an unknown instance are those in nobody’s range', () => {
    const ledger = [range(1n, 11n), range(11n, 20n, { instanceId: 'j' })];
    const unknown = (id: bigint) =>
      findUngranted([call(0, 1, [id], { instanceId: undefined })], ledger, never);
    expect([unknown(5n), unknown(15n)]).toEqual([[], []]);
    expect(unknown(20n)).toHaveLength(1);
  });

  test('of snowflakes are those outside the window of their machine id', () => {
    const ledger = [range(1_000n, 2_000n, { kind: 'm', name: '0000000007' })];
    const windowOf = (id: bigint) => ({ machineId: Number(id % 10n), timestampMs: Number(id / 10n) });
    const drawn = (id: bigint) =>
      findUngranted([call(0, 1, [id], { source: 'snowflake' })], ledger, windowOf);
    expect(drawn(10_007n)).toEqual([]);
    expect(drawn(20_007n)).toHaveLength(1);
    expect(drawn(10_008n)).toHaveLength(1);
  });
});
