import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Fence } from '@leafcutter/coordinator/domain/allocation/fence';
import type { CounterName } from '@leafcutter/coordinator/domain/allocation/range';
import { fenceMove, raiseOne, SAMPLE_DEPLOYMENT } from '@leafcutter/coordinator/fakes/samples';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';

export interface FenceUnderTest {
  /** Two coordinators' handles on one empty memory. */
  readonly fences: readonly [Fence, Fence];
  wipe(): Promise<void>;
  close(): Promise<void>;
}

const orders: CounterName = { kind: 'tag', tag: 'orders' };
const TOP = 2n ** 63n - 1n;
const LEDGER = { fromMs: 1_800_000_000_000, nextMs: 1_800_000_060_000 };

/** What every fence promises (`domain/allocation/fence.ts`). */
export function fenceContract(name: string, open: () => Promise<FenceUnderTest>): void {
  describe(`the fence contract on ${name}`, () => {
    let subject: FenceUnderTest;
    let fence: Fence;
    let other: Fence;

    beforeEach(async () => {
      subject = await open();
      [fence, other] = subject.fences;
      await fence.introduce(SAMPLE_DEPLOYMENT.identity);
    });
    afterEach(() => subject.close());

    test('is available, and stands at 0 where nobody raised it', async () => {
      expect(fence.available).toBe(true);
      expect((await fence.read(orders)).value).toBe(0n);
    });

    test('rises from a start that it has not passed, for everyone to see', async () => {
      expect(await raiseOne(fence, orders, fenceMove(1n, 101n))).toEqual({ kind: 'ok' });
      expect((await other.read(orders)).value).toBe(101n);
      expect(await raiseOne(other, orders, fenceMove(101n, 201n))).toEqual({ kind: 'ok' });
      expect(await raiseOne(fence, orders, fenceMove(5_000n, 5_001n))).toEqual({ kind: 'ok' });
      expect((await fence.read(orders)).value).toBe(5_001n);
    });

    test('says what it remembered if that is more than the ledger has', async () => {
      await raiseOne(fence, orders, fenceMove(1n, 101n));
      expect(await raiseOne(other, orders, fenceMove(501n, 601n, { top: 51n }))).toEqual({
        kind: 'ok',
        before: { value: 101n, committed: 1n, granted: 101n },
      });
      expect(await raiseOne(other, orders, fenceMove(901n, 1_001n, { top: 601n }))).toEqual({ kind: 'ok' });
    });

    test('that has passed the start says where it stands and does not move', async () => {
      await raiseOne(fence, orders, fenceMove(1n, 101n));
      expect(await raiseOne(other, orders, fenceMove(100n, 1_000n))).toEqual({
        kind: 'ahead',
        value: 101n,
        committed: 1n,
        granted: 101n,
      });
      expect(await raiseOne(other, orders, fenceMove(1n, 50n))).toEqual({
        kind: 'ahead',
        value: 101n,
        committed: 1n,
        granted: 101n,
      });
      expect((await fence.read(orders)).value).toBe(101n);
    });

    test('rises with others, or with none of them if one must not rise', async () => {
      const [users, machine] = [
        { kind: 'tag', tag: 'users' },
        { kind: 'machine', machineId: 7 },
      ] as const;
      const names = [orders, users, machine];
      const raise = (start: bigint, own: Parameters<typeof fenceMove>[2] = {}) =>
        fence.raise(
          names.map((name) => ({ ...fenceMove(start, start + 10n), ...(name === users ? own : {}), name })),
        );
      const values = async () =>
        (await Promise.all(names.map((name) => other.read(name)))).map(({ value }) => value);
      expect(await raise(1n)).toEqual(names.map(() => ({ kind: 'ok' })));
      expect(await values()).toEqual([11n, 11n, 11n]);
      expect((await raise(11n, { start: 5n })).map(({ kind }) => kind)).toEqual(['ok', 'ahead', 'ok']);
      expect(await values()).toEqual([11n, 11n, 11n]);
      await raiseOne(other, users, fenceMove(11n, 12n, { era: 1 }));
      expect((await raise(20n)).map(({ kind }) => kind)).toEqual(['ok', 'forgotten', 'ok']);
      expect(await values()).toEqual([11n, 12n, 11n]);
      expect(await raise(20n, { era: 1 })).toEqual(names.map(() => ({ kind: 'ok' })));
      expect(await values()).toEqual([30n, 30n, 30n]);
    });

    test.each([
      ['digits', 9n, 10n],
      ['2^53', 2n ** 53n, 2n ** 53n + 1n],
      ['2^62', 2n ** 62n, 2n ** 62n + 1n],
      ['the top', TOP - 1n, TOP],
    ])('tells neighbours apart around %s', async (_name, low, high) => {
      expect(await raiseOne(fence, orders, fenceMove(low - 1n, high))).toEqual({ kind: 'ok' });
      expect(await raiseOne(fence, orders, fenceMove(low, TOP))).toEqual({
        kind: 'ahead',
        value: high,
        committed: low - 1n,
        granted: high,
      });
      expect((await fence.read(orders)).value).toBe(high);
      expect(await raiseOne(fence, orders, fenceMove(high, TOP))).toEqual({ kind: 'ok' });
    });

    test('keeps counters apart: tags bytewise, and machine ids from tags of the same name', async () => {
      const names: CounterName[] = [
        ...['3', 'a', 'A', 'a ', 'ä', '{a}', 'a:b', '😀'].map((tag) => ({ kind: 'tag', tag }) as const),
        { kind: 'machine', machineId: 3 },
        { kind: 'machine', machineId: 33 },
      ];
      for (const [index, counter] of names.entries())
        await raiseOne(fence, counter, fenceMove(0n, BigInt(index + 1)));
      const marks = await Promise.all(names.map((counter) => other.read(counter)));
      const values = marks.map(({ value }) => value);
      expect(values).toEqual(names.map((_, index) => BigInt(index + 1)));
    });

    test('lets one of many that ask at once for the same range have it', async () => {
      const asked = Array.from({ length: 20 }, (_, n) =>
        raiseOne(n % 2 ? fence : other, orders, fenceMove(1n, 101n)),
      );
      const answers = await Promise.all(asked);
      expect(answers.filter(({ kind }) => kind === 'ok')).toHaveLength(1);
      expect(answers.filter((answer) => answer.kind === 'ahead' && answer.value === 101n)).toHaveLength(19);
    });

    test('that was wiped stands at 0 and rises again', async () => {
      await raiseOne(fence, orders, fenceMove(1n, 101n));
      await subject.wipe();
      await fence.introduce(SAMPLE_DEPLOYMENT.identity);
      expect((await fence.read(orders)).value).toBe(0n);
      expect(await raiseOne(fence, orders, fenceMove(1n, 51n))).toEqual({ kind: 'ok' });
    });

    test('refuses who comes with another generation, or with none, and does not move', async () => {
      for (const generation of ['another', undefined]) {
        const move = { ...fenceMove(1n, 101n), generation };
        expect(await raiseOne(fence, orders, move)).toEqual({ kind: 'stranger' });
      }
      expect((await fence.read(orders)).value).toBe(0n);
    });

    describe('its identity', () => {
      test('is what it was given first, until it forgets everything', async () => {
        expect(await other.identity()).toEqual(SAMPLE_DEPLOYMENT.identity);
        await other.introduce({ ...SAMPLE_DEPLOYMENT.identity, generation: 'another' });
        expect(await fence.identity()).toEqual(SAMPLE_DEPLOYMENT.identity);
        await subject.wipe();
        expect(await fence.identity()).toBeUndefined();
        expect(await raiseOne(fence, orders, fenceMove(1n, 101n))).toEqual({ kind: 'stranger' });
      });

      test('notes the number of a sweep', async () => {
        await fence.finishSweep(SAMPLE_DEPLOYMENT.identity, 17, LEDGER);
        expect(await other.identity()).toMatchObject({ sweep: 17 });
        const strange = { ...SAMPLE_DEPLOYMENT.identity, generation: 'another' };
        await expect(fence.finishSweep(strange, 18, LEDGER)).rejects.toMatchObject({
          reason: 'sweep_overtaken',
        });
      });
    });

    describe('a sweep', () => {
      const { identity } = SAMPLE_DEPLOYMENT;
      const users: CounterName = { kind: 'tag', tag: 'users' };
      const machine: CounterName = { kind: 'machine', machineId: 3 };

      test('raises what is lower, tells what is higher, and notes what is committed', async () => {
        await raiseOne(fence, orders, fenceMove(1n, 1_001n));
        await raiseOne(fence, users, fenceMove(1n, 5n));
        const counters = [
          { name: orders, value: 501n, granted: 401n },
          { name: users, value: 501n, granted: 401n },
          { name: machine, value: TOP, granted: TOP },
        ];
        expect(await other.sweep(identity, counters)).toEqual({
          ahead: [{ counter: counters[0], value: 1_001n, committed: 501n, granted: 1_001n }],
          unreadable: [],
        });
        expect(await Promise.all([orders, users, machine].map((name) => fence.read(name)))).toEqual([
          { value: 1_001n, committed: 501n, granted: 1_001n },
          { value: 501n, committed: 501n, granted: 401n },
          { value: TOP, committed: TOP, granted: TOP },
        ]);
        const told = await fence.sweep(identity, [{ name: orders, value: 7n, granted: 0n }]);
        expect(told.ahead).toMatchObject([{ value: 1_001n, committed: 501n, granted: 1_001n }]);
      });

      test('takes hundreds at once, and none', async () => {
        const many = Array.from({ length: 500 }, (_, n) => ({
          name: { kind: 'machine', machineId: n } as const,
          value: BigInt(n + 1),
          granted: 0n,
        }));
        expect((await fence.sweep(identity, many)).ahead).toEqual([]);
        expect((await fence.read({ kind: 'machine', machineId: 499 })).value).toBe(500n);
        expect(await fence.sweep(identity, [])).toEqual({ ahead: [], unreadable: [] });
      });

      test('gives up where the fence is another one', async () => {
        const counters = [{ name: orders, value: 900n, granted: 900n }];
        await raiseOne(fence, orders, fenceMove(1n, 1_001n));
        await expect(other.sweep({ ...identity, generation: 'another' }, counters)).rejects.toMatchObject({
          reason: 'sweep_overtaken',
        });
        expect((await fence.read(orders)).value).toBe(1_001n);
      });
    });

    describe('what rose', () => {
      const { identity } = SAMPLE_DEPLOYMENT;
      const users: CounterName = { kind: 'tag', tag: 'users' };
      const machine: CounterName = { kind: 'machine', machineId: 33 };
      const labels = async (sinceSweep?: number) => {
        const names: string[] = [];
        for await (const page of other.counters(sinceSweep))
          names.push(...page.map((name) => (name.kind === 'tag' ? name.tag : String(name.machineId))));
        return names.sort();
      };

      test('is told by the number of the sweep after which it did', async () => {
        expect(await labels()).toEqual([]);
        await raiseOne(fence, orders, fenceMove(1n, 101n));
        await fence.finishSweep(identity, 17, LEDGER);
        await raiseOne(fence, users, fenceMove(1n, 101n));
        await fence.finishSweep({ ...identity, sweep: 17 }, 18, LEDGER);
        expect(await fence.identity()).toMatchObject({ sweep: 18, sweepBefore: 17, ledger: LEDGER });
        await raiseOne(fence, machine, fenceMove(1n, 101n));
        expect(await labels()).toEqual(['33', 'orders', 'users']);
        expect(await labels(17)).toEqual(['33', 'users']);
        expect(await labels(18)).toEqual(['33']);
      });

      test('is also what a sweep raised, not what it left as it was', async () => {
        await raiseOne(fence, orders, fenceMove(1n, 101n));
        await fence.finishSweep(identity, 17, LEDGER);
        const counters = [
          { name: orders, value: 101n, granted: 101n },
          { name: users, value: 7n, granted: 7n },
        ];
        await fence.sweep({ ...identity, sweep: 17 }, counters);
        expect(await labels(17)).toEqual(['orders', 'users']);
        await fence.finishSweep({ ...identity, sweep: 17 }, 18, LEDGER);
        await fence.sweep({ ...identity, sweep: 18 }, counters);
        expect(await labels(18)).toEqual([]);
      });

      test('is told of thousands, in pages', async () => {
        const many = Array.from({ length: 1_201 }, (_, n) => ({
          name: { kind: 'machine', machineId: n } as const,
          value: BigInt(n + 1),
          granted: 0n,
        }));
        for (let at = 0; at < many.length; at += 400) await fence.sweep(identity, many.slice(at, at + 400));
        expect(new Set(await labels()).size).toBe(1_201);
      });
    });

    test('that is told of a commit knows that, unless it was lowered or lost meanwhile', async () => {
      const { generation } = SAMPLE_DEPLOYMENT.identity;
      const told = async (committed: bigint) => {
        const mark = await poll(async () => {
          const now = await other.read(orders);
          return now.committed === committed && now;
        }, PATIENCE_MS);
        expect(mark).toMatchObject({ committed });
      };
      await raiseOne(fence, orders, fenceMove(1n, 101n));
      fence.confirm(orders, 51n);
      fence.confirm(orders, 101n);
      await told(101n);
      await fence.lower(orders, await fence.read(orders), { to: 7n, era: 1, generation });
      fence.confirm(orders, 101n);
      fence.confirm({ kind: 'tag', tag: 'users' }, 5n);
      await raiseOne(fence, orders, fenceMove(7n, 8n, { era: 1 }));
      fence.confirm(orders, 8n);
      // Messages from before are ignored, and later ones are heard.
      await raiseOne(fence, { kind: 'machine', machineId: 1 }, fenceMove(1n, 2n));
      fence.confirm({ kind: 'machine', machineId: 1 }, 2n);
      expect(
        await poll(
          async () => (await other.read({ kind: 'machine', machineId: 1 })).committed === 2n,
          PATIENCE_MS,
        ),
      ).toBe(true);
      expect((await other.read(orders)).committed).toBeLessThanOrEqual(8n);
      expect((await other.read({ kind: 'tag', tag: 'users' })).value).toBe(0n);
    });

    describe('in a later era', () => {
      const { identity } = SAMPLE_DEPLOYMENT;
      const { generation } = identity;
      const later = { era: 1, taken: { start: 501n, end: 601n } };
      /** 1 to 100, then a typo to 501 from which a segment was drawn, and back. */
      const lowered = async () => {
        await raiseOne(fence, orders, fenceMove(1n, 101n));
        await raiseOne(fence, orders, fenceMove(501n, 601n));
        await fence.lower(orders, await fence.read(orders), { to: 101n, ...later, generation });
      };

      test('it stands where that began, and keeps what was handed out above', async () => {
        await lowered();
        const mark = { value: 101n, committed: 101n, granted: 101n, ...later };
        expect(await other.read(orders)).toEqual(mark);
        expect(await raiseOne(other, orders, fenceMove(90n, 95n, later))).toEqual({ kind: 'ahead', ...mark });
        expect(await raiseOne(other, orders, fenceMove(101n, 201n, later))).toEqual({ kind: 'ok' });
        expect(await fence.read(orders)).toEqual({ value: 201n, committed: 101n, granted: 201n, ...later });
      });

      test('it moves for nobody who knows of an earlier one only', async () => {
        await lowered();
        expect(await raiseOne(other, orders, fenceMove(601n, 701n))).toEqual({ kind: 'forgotten' });
        expect(await raiseOne(other, orders, fenceMove(101n, 201n))).toEqual({ kind: 'forgotten' });
        expect((await fence.read(orders)).value).toBe(101n);
      });

      test('it begins with a range, too, for who knows of the one before', async () => {
        await lowered();
        const begins = { era: 2 };
        expect(await raiseOne(other, orders, fenceMove(601n, 701n, { begins }))).toEqual({
          kind: 'forgotten',
        });
        const passing = fenceMove(601n, 701n, { ...later, begins });
        expect(await raiseOne(other, orders, passing)).toEqual({ kind: 'ok' });
        expect(await fence.read(orders)).toEqual({ value: 701n, committed: 601n, granted: 701n, ...begins });
        // The database forgot that, and would begin another one of the same number.
        expect(await raiseOne(other, orders, fenceMove(801n, 901n, { ...later, begins }))).toEqual({
          kind: 'forgotten',
        });
        expect((await fence.read(orders)).value).toBe(701n);
      });

      test('it stands where a database says that knows of a later one, by numbers of any length', async () => {
        await lowered();
        for (const era of [9, 10, 100]) {
          const move = fenceMove(BigInt(1_000 - era), 1_001n, { era });
          expect(await raiseOne(other, orders, move)).toMatchObject({ kind: 'ok' });
          expect(await raiseOne(other, orders, fenceMove(5_000n, 5_001n, { era: era - 1 }))).toEqual({
            kind: 'forgotten',
          });
        }
      });

      test('a sweep tells a database that forgot it, and leaves it as it is', async () => {
        await lowered();
        const counter = { name: orders, value: 9_001n, granted: 9_001n };
        expect(await other.sweep(identity, [counter])).toEqual({
          ahead: [{ counter, value: 101n, committed: 101n, granted: 101n, ...later }],
          unreadable: [],
        });
        expect((await fence.read(orders)).value).toBe(101n);
      });

      test('a sweep teaches it to a Redis that forgot it, whatever that remembers of an earlier one', async () => {
        await raiseOne(fence, orders, fenceMove(1n, 601n));
        const counters = [
          { name: orders, value: 151n, granted: 141n, ...later },
          { name: { kind: 'tag', tag: 'users' } as const, value: 201n, granted: 191n, ...later },
        ];
        expect((await other.sweep(identity, counters)).ahead).toEqual([]);
        const mark = { value: 151n, committed: 151n, granted: 141n, ...later };
        expect(await fence.read(orders)).toEqual(mark);
        // In the same era neither number sinks.
        const told = await other.sweep(identity, [{ name: orders, value: 7n, granted: 7n, ...later }]);
        expect(told.ahead).toMatchObject([mark]);
        expect(await fence.read(orders)).toEqual(mark);
      });
    });

    test('is lowered where an admin says so, and only by who knows its generation and where it stands', async () => {
      const down = (to: bigint, generation: string | undefined = SAMPLE_DEPLOYMENT.identity.generation) => ({
        to,
        era: 1,
        generation,
      });
      await raiseOne(fence, orders, fenceMove(1n, 1_001n));
      const mark = await fence.read(orders);
      for (const strange of ['another', '']) {
        await expect(fence.lower(orders, mark, down(7n, strange))).rejects.toMatchObject({
          reason: 'fence_stranger',
        });
      }
      const stale = { ...mark, value: 900n };
      await expect(fence.lower(orders, stale, down(7n))).rejects.toMatchObject({
        reason: 'fence_moved',
      });
      expect(await fence.read(orders)).toEqual(mark);
      // A confirmation in between moves nothing.
      await fence.lower(orders, { ...mark, committed: 900n }, down(7n));
      expect(await raiseOne(fence, orders, fenceMove(6n, 8n, { era: 1 }))).toEqual({
        kind: 'ahead',
        value: 7n,
        committed: 7n,
        granted: 7n,
        era: 1,
      });
      await expect(fence.lower(orders, mark, down(5n))).rejects.toMatchObject({
        reason: 'fence_moved',
      });
    });

    test('that went back to an old file in mid-sweep is not noted as swept', async () => {
      const { identity } = SAMPLE_DEPLOYMENT;
      await fence.finishSweep(identity, 17, LEDGER);
      await expect(fence.finishSweep(identity, 18, LEDGER)).rejects.toMatchObject({
        reason: 'sweep_overtaken',
      });
      const counters = [{ name: orders, value: 900n, granted: 900n }];
      await expect(fence.sweep(identity, counters)).rejects.toMatchObject({ reason: 'sweep_overtaken' });
      expect((await fence.read(orders)).value).toBe(0n);
    });
  });
}
