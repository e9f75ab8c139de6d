import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Fence } from '@leafcutter/coordinator/domain/fence';
import type { CounterName } from '@leafcutter/coordinator/domain/range';
import { fenceMove, SAMPLE_DEPLOYMENT } from '@leafcutter/coordinator/fakes/samples';
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

/** What every fence promises (`domain/fence.ts`). */
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
      expect(await fence.raise(orders, fenceMove(1n, 101n))).toEqual({ kind: 'ok' });
      expect((await other.read(orders)).value).toBe(101n);
      expect(await other.raise(orders, fenceMove(101n, 201n))).toEqual({ kind: 'ok' });
      expect(await fence.raise(orders, fenceMove(5_000n, 5_001n))).toEqual({ kind: 'ok' });
      expect((await fence.read(orders)).value).toBe(5_001n);
    });

    test('that has passed the start says where it stands and does not move', async () => {
      await fence.raise(orders, fenceMove(1n, 101n));
      expect(await other.raise(orders, fenceMove(100n, 1_000n))).toEqual({
        kind: 'ahead',
        value: 101n,
        committed: 1n,
        granted: 101n,
      });
      expect(await other.raise(orders, fenceMove(1n, 50n))).toEqual({
        kind: 'ahead',
        value: 101n,
        committed: 1n,
        granted: 101n,
      });
      expect((await fence.read(orders)).value).toBe(101n);
    });

    test.each([
      ['digits', 9n, 10n],
      ['2^53', 2n ** 53n, 2n ** 53n + 1n],
      ['2^62', 2n ** 62n, 2n ** 62n + 1n],
      ['the top', TOP - 1n, TOP],
    ])('tells neighbours apart around %s', async (_name, low, high) => {
      expect(await fence.raise(orders, fenceMove(low - 1n, high))).toEqual({ kind: 'ok' });
      expect(await fence.raise(orders, fenceMove(low, TOP))).toEqual({
        kind: 'ahead',
        value: high,
        committed: low - 1n,
        granted: high,
      });
      expect((await fence.read(orders)).value).toBe(high);
      expect(await fence.raise(orders, fenceMove(high, TOP))).toEqual({ kind: 'ok' });
    });

    test('keeps counters apart: tags bytewise, and machine ids from tags of the same name', async () => {
      const names: CounterName[] = [
        ...['3', 'a', 'A', 'a ', 'ä', '{a}', 'a:b', '😀'].map((tag) => ({ kind: 'tag', tag }) as const),
        { kind: 'machine', machineId: 3 },
        { kind: 'machine', machineId: 33 },
      ];
      for (const [index, counter] of names.entries())
        await fence.raise(counter, fenceMove(0n, BigInt(index + 1)));
      const marks = await Promise.all(names.map((counter) => other.read(counter)));
      const values = marks.map(({ value }) => value);
      expect(values).toEqual(names.map((_, index) => BigInt(index + 1)));
    });

    test('lets one of many that ask at once for the same range have it', async () => {
      const asked = Array.from({ length: 20 }, (_, n) =>
        (n % 2 ? fence : other).raise(orders, fenceMove(1n, 101n)),
      );
      const answers = await Promise.all(asked);
      expect(answers.filter(({ kind }) => kind === 'ok')).toHaveLength(1);
      expect(answers.filter((answer) => answer.kind === 'ahead' && answer.value === 101n)).toHaveLength(19);
    });

    test('that was wiped stands at 0 and rises again', async () => {
      await fence.raise(orders, fenceMove(1n, 101n));
      await subject.wipe();
      await fence.introduce(SAMPLE_DEPLOYMENT.identity);
      expect((await fence.read(orders)).value).toBe(0n);
      expect(await fence.raise(orders, fenceMove(1n, 51n))).toEqual({ kind: 'ok' });
    });

    test('refuses who comes with another generation, or with none, and does not move', async () => {
      for (const generation of ['another', undefined]) {
        const move = { ...fenceMove(1n, 101n), generation };
        expect(await fence.raise(orders, move)).toEqual({ kind: 'stranger' });
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
        expect(await fence.raise(orders, fenceMove(1n, 101n))).toEqual({ kind: 'stranger' });
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
        await fence.raise(orders, fenceMove(1n, 1_001n));
        await fence.raise(users, fenceMove(1n, 5n));
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

      test('gives up where the fence is another one, or one was lowered meanwhile', async () => {
        const counters = [{ name: orders, value: 900n, granted: 900n }];
        await fence.raise(orders, fenceMove(1n, 1_001n));
        const { generation } = identity;
        await fence.lower(orders, await other.read(orders), { to: 101n, taken: undefined, generation });
        await expect(other.sweep(identity, counters)).rejects.toMatchObject({ reason: 'sweep_overtaken' });
        await expect(other.sweep({ ...identity, generation: 'another' }, counters)).rejects.toMatchObject({
          reason: 'sweep_overtaken',
        });
        expect((await fence.read(orders)).value).toBe(101n);
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
        await fence.raise(orders, fenceMove(1n, 101n));
        await fence.finishSweep(identity, 17, LEDGER);
        await fence.raise(users, fenceMove(1n, 101n));
        await fence.finishSweep({ ...identity, sweep: 17 }, 18, LEDGER);
        expect(await fence.identity()).toMatchObject({ sweep: 18, sweepBefore: 17, ledger: LEDGER });
        await fence.raise(machine, fenceMove(1n, 101n));
        expect(await labels()).toEqual(['33', 'orders', 'users']);
        expect(await labels(17)).toEqual(['33', 'users']);
        expect(await labels(18)).toEqual(['33']);
      });

      test('is also what a sweep raised, not what it left as it was', async () => {
        await fence.raise(orders, fenceMove(1n, 101n));
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
      await fence.raise(orders, fenceMove(1n, 101n));
      fence.confirm(orders, 51n);
      fence.confirm(orders, 101n);
      await told(101n);
      await fence.lower(orders, await fence.read(orders), { to: 7n, taken: undefined, generation });
      fence.confirm(orders, 101n);
      fence.confirm({ kind: 'tag', tag: 'users' }, 5n);
      await fence.raise(orders, fenceMove(7n, 8n));
      fence.confirm(orders, 8n);
      // What was said before is passed over, and what is said after is heard.
      await fence.raise({ kind: 'machine', machineId: 1 }, fenceMove(1n, 2n));
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

    describe('the zones of a tag', () => {
      const { identity } = SAMPLE_DEPLOYMENT;
      const { generation } = identity;
      /** 1 to 100, then a typo to 501 from which a segment was drawn. */
      const typo = async () => {
        await fence.raise(orders, fenceMove(1n, 101n));
        await fence.raise(orders, fenceMove(501n, 601n));
      };
      const lowered = async () => {
        await typo();
        const taken = { start: 501n, end: 601n };
        await fence.lower(orders, await fence.read(orders), { to: 101n, taken, generation });
      };

      test('remember the last numbers that its counter skipped', async () => {
        await fence.raise(orders, fenceMove(1n, 101n));
        expect((await other.read(orders)).skipped).toBeUndefined();
        await fence.raise(orders, fenceMove(501n, 601n));
        await fence.raise(orders, fenceMove(601n, 701n));
        expect((await other.read(orders)).skipped).toEqual({ start: 101n, end: 501n });
        await fence.raise(orders, fenceMove(801n, 901n));
        expect((await other.read(orders)).skipped).toEqual({ start: 701n, end: 801n });
      });

      test('not of the first range of all, and not of the time that a machine id skips', async () => {
        const machine: CounterName = { kind: 'machine', machineId: 3 };
        await fence.raise(orders, fenceMove(501n, 601n));
        await fence.raise(machine, fenceMove(1n, 101n));
        await fence.raise(machine, fenceMove(501n, 601n));
        expect((await other.read(orders)).skipped).toBeUndefined();
        expect((await other.read(machine)).skipped).toBeUndefined();
      });

      test('keep what was handed out above a lowered counter from being touched again', async () => {
        await lowered();
        expect(await other.read(orders)).toMatchObject({ value: 101n, taken: { start: 501n, end: 601n } });
        const above = { kind: 'ahead', value: 601n, committed: 601n, granted: 601n };
        for (const [start, end] of [
          [501n, 502n],
          [600n, 700n],
          [450n, 502n],
          [101n, 9_000n],
        ] as const)
          expect(await other.raise(orders, fenceMove(start, end))).toEqual(above);
        expect((await other.read(orders)).value).toBe(101n);
        expect(await other.raise(orders, fenceMove(101n, 501n))).toEqual({ kind: 'ok' });
      });

      test('are passed by who goes on above, and all below that is no gap any more', async () => {
        await lowered();
        await fence.raise(orders, fenceMove(101n, 201n));
        expect(await fence.raise(orders, fenceMove(651n, 701n))).toEqual({ kind: 'lowered' });
        expect(await other.read(orders)).toMatchObject({ value: 201n, taken: { start: 501n, end: 601n } });
        expect(await fence.raise(orders, fenceMove(651n, 701n, { mayPass: true }))).toEqual({ kind: 'ok' });
        const mark = await other.read(orders);
        expect(mark).toMatchObject({ value: 701n, skipped: { start: 601n, end: 651n } });
        expect(mark.taken).toBeUndefined();
      });

      test('are told a sweep whose database forgot the lowering, and the fence waits until that is mended', async () => {
        await lowered();
        const before = await fence.identity();
        if (before === undefined) throw new Error('no identity');
        const counter = { name: orders, value: 501n, granted: 101n };
        expect(await other.sweep(before, [counter])).toEqual({
          ahead: [
            expect.objectContaining({
              ...{ counter, value: 101n, committed: 101n, granted: 101n, taken: { start: 501n, end: 601n } },
            }),
          ],
          unreadable: [],
        });
        expect((await fence.read(orders)).value).toBe(101n);
      });

      test('are taken over, with the counter, by a Redis that went back to before the lowering', async () => {
        await typo();
        const before = await fence.identity();
        if (before === undefined) throw new Error('no identity');
        const taken = { start: 501n, end: 601n };
        const told = await other.sweep(before, [{ name: orders, value: 201n, granted: 601n, taken }]);
        expect(told.ahead).toMatchObject([{ value: 201n, taken }]);
        const mark = await fence.read(orders);
        expect(mark).toMatchObject({ value: 201n, committed: 201n, granted: 201n, taken });
        expect(mark.skipped).toBeUndefined();
      });

      test('grow by a sweep if Redis went back to an earlier lowering, and never shrink by one', async () => {
        await lowered();
        const before = await fence.identity();
        if (before === undefined) throw new Error('no identity');
        const swept = async (start: bigint, end: bigint) => {
          const taken = { start, end };
          await other.sweep(before, [{ name: orders, value: 101n, granted: 101n, taken }]);
          return (await fence.read(orders)).taken;
        };
        expect(await swept(501n, 9_001n)).toEqual({ start: 501n, end: 9_001n });
        expect(await swept(401n, 501n)).toEqual({ start: 401n, end: 9_001n });
      });

      test('are learnt from a sweep by a Redis that forgot them, not if the counter stands above', async () => {
        const taken = { start: 501n, end: 601n };
        const users: CounterName = { kind: 'tag', tag: 'users' };
        await fence.sweep(identity, [
          { name: orders, value: 101n, granted: 601n, taken },
          { name: users, value: 701n, granted: 701n, taken },
        ]);
        expect((await other.read(orders)).taken).toEqual(taken);
        expect((await other.read(users)).taken).toBeUndefined();
      });
    });

    test('is lowered where an admin says so, and only by who knows its generation and where it stands', async () => {
      const down = (to: bigint, generation: string | undefined = SAMPLE_DEPLOYMENT.identity.generation) => ({
        ...{ to, taken: undefined, generation },
      });
      await fence.raise(orders, fenceMove(1n, 1_001n));
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
      // That it was confirmed meanwhile moves nothing.
      await fence.lower(orders, { ...mark, committed: 900n }, down(7n));
      expect(await fence.raise(orders, fenceMove(6n, 8n))).toEqual({
        ...{ kind: 'ahead', value: 7n, committed: 7n, granted: 7n },
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
