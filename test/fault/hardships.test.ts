import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findAll } from './findings.ts';
import { EMBEDDED_HARDSHIPS, type EmbeddedBench, startEmbedded } from './hardships/embedded.ts';
import { type Bench, type Endured, endure, type Hardship, table } from './hardships/hardship.ts';
import { CAN_MAKE_DISKS } from './hardships/limits.ts';
import { MACHINE_HARDSHIPS } from './hardships/machine.ts';
import { MYSQL_HARDSHIPS } from './hardships/mysql.ts';
import { REDIS_HARDSHIPS } from './hardships/redis.ts';
import { type StoresBench, startStores } from './hardships/stores-bench.ts';

/** One after the other, some ten minutes: each alone is slow, and what they found is held by cheaper tests. */
const full = process.env.LEAFCUTTER_FULL === '1';
const NONE = { duplicates: [], overlaps: [], ungranted: [], disorder: [], uncoded: [] };

const rows: Endured[] = [];
const stack = new AsyncDisposableStack();
afterAll(async () => {
  await stack.disposeAsync();
  if (full) process.stdout.write(`\n${table(rows)}\n\n`);
});

async function isEndured<B extends Bench>(bench: B, hardship: Hardship<B>): Promise<void> {
  const row = await endure(bench, hardship);
  rows.push(row);
  process.stdout.write(`${table([row]).split('\n').at(-1)}\n`);
  expect(row.stillWrong).toEqual([]);
}

if (full) {
  describe('stores with odd settings', () => {
    let bench: StoresBench;
    beforeAll(async () => {
      if (!CAN_MAKE_DISKS) process.stdout.write('NOT RUN: full disks, which only root can make\n');
      bench = await startStores(stack);
    });

    const calm = { name: 'settings at start', begin: async () => async () => undefined };
    const all = [calm, ...MYSQL_HARDSHIPS, ...REDIS_HARDSHIPS, ...MACHINE_HARDSHIPS];
    test.each(all)('$name: IDs flow again by themselves', (hardship) => isEndured(bench, hardship));

    test('and nothing was issued twice, or without a grant, or refused without a code', async () => {
      const { load, arena } = bench;
      await load.stop();
      await arena.ledger.remember();
      const { late: _, ...findings } = findAll(load.history, arena.ledger.grants, Number.POSITIVE_INFINITY);
      process.stdout.write(`${load.counts.ids} IDs, ${findings.duplicates.length} duplicates\n`);
      expect(findings).toEqual(NONE);
    });
  });

  describe('an embedded database', () => {
    let bench: EmbeddedBench;
    beforeAll(async () => {
      bench = await startEmbedded(stack);
    });

    test.each(EMBEDDED_HARDSHIPS)('$name: IDs flow again by themselves', (hardship) =>
      isEndured(bench, hardship),
    );

    test('and nothing was issued twice, or out of order, or refused without a code', async () => {
      const { load } = bench;
      await load.stop();
      const { duplicates, disorder, uncoded } = findAll(load.history, [], Number.POSITIVE_INFINITY);
      process.stdout.write(`${load.counts.ids} IDs, ${duplicates.length} duplicates\n`);
      expect({ duplicates, disorder, uncoded }).toEqual({ duplicates: [], disorder: [], uncoded: [] });
    });
  });
} else test('hardships are left to the full run: they take ten minutes', () => undefined);
