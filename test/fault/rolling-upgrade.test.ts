import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EARLIER_COMMIT, hasEarlierVersion, unpackEarlierVersion } from '../support/earlier-version.ts';
import { UNHURRIED } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import type { Service } from '../support/service.ts';
import { Arena } from './arena.ts';
import { type Counts, newCounts } from './arena-load.ts';
import { FailoverLoad } from './failover-load.ts';
import { findAll } from './findings.ts';
import { until } from './moments.ts';

const NONE = { duplicates: [], overlaps: [], ungranted: [], disorder: [], uncoded: [], late: [] };
/** How long it takes until refills and heartbeats went to the service that was replaced. */
const SETTLE_MS = 700;
/** How many calls must fall within each change. */
const LEAST_CALLS = 500;
/** What a caller waits at most if no request may fail because the machine stood still, and some more. */
const LATEST_MS = Number(UNHURRIED.LEAFCUTTER_WAIT_MS) + 3_000;

const isThere = hasEarlierVersion();
if (!isThere)
  process.stdout.write(
    `NOT RUN: rolling upgrade. This clone has no commit ${EARLIER_COMMIT}: it is shallow.\n`,
  );

(isThere ? describe : describe.skip)('a rolling upgrade under load, from an earlier commit', () => {
  let earlier: string;
  let arena: Arena;

  beforeAll(async () => {
    earlier = await unpackEarlierVersion();
    arena = await Arena.start({
      main: earlier,
      pace: 'unhurried',
      windowMs: 120_000,
      machineIds: 64,
      tags: { warm: { step: 2_000 }, deep: { step: 20_000 } },
    });
    for (const agent of arena.agents) arena.drawFrom(agent);
    const { agents, load, sources } = arena;
    await until(
      () => agents.every(({ label }) => sources.every((source) => load.answeredSince(label, source, 0))),
      'every agent issues from every source',
    );
  });

  afterAll(() => arena?.[Symbol.asyncDispose]());

  const coordinators = () => arena.coordinators.map(({ service }) => service);

  /** Replaces services one after the other, and counts what callers got meanwhile. */
  async function during(
    what: string,
    services: readonly Service[],
    main: string | undefined,
  ): Promise<Counts> {
    const counts = newCounts();
    await arena.load.during(counts, async () => {
      for (const service of services) {
        await service.replace(main);
        await sleep(SETTLE_MS);
      }
      await poll(() => counts.calls > LEAST_CALLS);
    });
    tell(what, counts);
    return counts;
  }

  test.each<[string, () => string | undefined]>([
    ['coordinators of this version take the place of the earlier ones', () => undefined],
    ['the earlier ones come back', () => earlier],
    ['and this version again', () => undefined],
  ])('%s: no request fails', async (what, main) => {
    const { refused, unanswered, calls } = await during(what, coordinators(), main());
    expect(calls).toBeGreaterThan(LEAST_CALLS);
    expect([...refused]).toEqual([]);
    expect(unanswered).toBe(0);
  });

  test('agents of this version take the place of the earlier ones: no request fails of who asks the other agent then', async () => {
    await arena.load.stop();
    const load = new FailoverLoad(arena.load.history, arena.agents, ['warm', 'deep', 'snowflake']);
    await poll(() => load.served > 0);
    for (const { service } of arena.agents) {
      await service.replace(undefined);
      await sleep(SETTLE_MS);
    }
    await poll(() => load.served > LEAST_CALLS);
    const { served, failed, retried } = await load.stop();
    process.stdout.write(
      `agents replaced: ${served} requests served, ${retried} at the second agent, ${failed.length} failed\n`,
    );
    expect(failed).toEqual([]);
    expect(served).toBeGreaterThan(LEAST_CALLS);
  });

  test('over all of it, no ID came twice and each was granted', async () => {
    await arena.ledger.remember();
    const { history } = arena.load;
    expect(findAll(history, arena.ledger.grants, LATEST_MS)).toEqual(NONE);
    let ids = 0;
    for (const call of history.issued) ids += call.ids.length;
    process.stdout.write(`rolling upgrade from ${EARLIER_COMMIT.slice(0, 7)}: ${ids} IDs, 0 duplicates\n`);
  });
});

function tell(what: string, { calls, ids, refused, unanswered, slowestMs }: Counts): void {
  const text = [...refused].map(([code, times]) => `${times} ${code}`).join(', ') || 'none';
  process.stdout.write(
    `${what}: ${calls} requests, ${ids} IDs, refused ${text}, unanswered ${unanswered}, slowest ${slowestMs.toFixed(0)} ms\n`,
  );
}
