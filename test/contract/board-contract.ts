import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type Board,
  type CoordinatorRecord,
  MAX_COORDINATORS,
  type RateSlot,
  RINGS,
} from '@leafcutter/coordinator/domain/fleet/board';

export interface BoardUnderTest {
  readonly board: Board;
  close(): Promise<void>;
}

const SLOT_BYTES = 300;

const coordinator = (coordinatorId: string, seenAtMs: number): CoordinatorRecord => ({
  coordinatorId,
  version: '1.2.3',
  startedAtMs: 1,
  seenAtMs,
  refusals: [{ tag: 'orders', agentId: 'agent-1', code: 'LAYOUT_MISMATCH', atMs: 2 }],
});

const slot = (atMs: number, rates: Record<string, number>): RateSlot => ({
  atMs,
  rates: new Map(Object.entries(rates)),
  isWhole: true,
});

/** What every board promises (`domain/fleet/board.ts`). */
export function boardContract(name: string, open: (slotBytes: number) => Promise<BoardUnderTest>): void {
  describe(`the board contract on ${name}`, () => {
    let subject: BoardUnderTest;
    let board: Board;

    beforeEach(async () => {
      subject = await open(SLOT_BYTES);
      board = subject.board;
    });
    afterEach(() => subject.close());

    test('is empty at first', async () => {
      expect([await board.coordinators(0), await board.rates('fine'), await board.rates('coarse')]).toEqual([
        [],
        [],
        [],
      ]);
    });

    test('lists each coordinator as it last told, without those that left or were silent for too long', async () => {
      for (const [id, seenAtMs] of [
        ['a', 10],
        ['b', 10],
        ['c', 10],
        ['a', 30],
      ] as const)
        await board.announce(coordinator(id, seenAtMs));
      await board.leave('b');
      expect(await board.coordinators(20)).toEqual([coordinator('a', 30)]);
      expect(await board.coordinators(0)).toEqual([coordinator('a', 30)]);
    });

    test('lists so many coordinators and no more', async () => {
      for (let n = 0; n < MAX_COORDINATORS + 5; n++) await board.announce(coordinator(`c${n}`, 10));
      expect(await board.coordinators(0)).toHaveLength(MAX_COORDINATORS);
    });

    test('keeps the rates of a ring’s length: a slot takes the place of one that is a whole ring older', async () => {
      const { everyMs, slots } = RINGS.fine;
      for (let n = 0; n < slots + 2; n++) await board.noteRates('fine', slot(n * everyMs, { orders: n }));
      const kept = (await board.rates('fine')).sort((a, b) => a.atMs - b.atMs);
      expect([kept.length, kept[0], kept.at(-1)]).toEqual([
        slots,
        slot(2 * everyMs, { orders: 2 }),
        slot((slots + 1) * everyMs, { orders: slots + 1 }),
      ]);
      expect(await board.rates('coarse')).toEqual([]);
    });

    test('keeps the fastest tags of a slot that has no room for all, and says so', async () => {
      const rates = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`tag-${n}`, n]));
      await board.noteRates('coarse', slot(0, { ...rates, __proto__x: 500, '': 1_000 }));
      const [kept] = await board.rates('coarse');
      expect([
        kept?.isWhole,
        kept?.rates.get(''),
        kept?.rates.get('tag-99'),
        kept?.rates.has('tag-1'),
      ]).toEqual([false, 1_000, 99, false]);
    });
  });
}
