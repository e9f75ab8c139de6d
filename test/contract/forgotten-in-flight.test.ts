import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Fence } from '@leafcutter/coordinator/domain/allocation/fence';
import { SegmentArbiter } from '@leafcutter/coordinator/domain/segments/segments';
import { RecordedEvents } from '@leafcutter/coordinator/fakes/recorded-events';
import { CALM, holder, newTag, overlaps, SEGMENT_RULES } from '@leafcutter/coordinator/fakes/samples';
import { noLocks } from '@leafcutter/coordinator/stores/memory/no-locks';
import { RedisFence } from '@leafcutter/coordinator/stores/redis/fence';
import { systemClock } from '@leafcutter/shared/system-clock';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { guard } from './arbiters-contract.ts';
import { freshMysqlStores, freshPrefix, type OpenStore, openLink } from './backends.ts';

const RULES = { ...SEGMENT_RULES, deadlineMs: PATIENCE_MS };

let redis: RedisServer;
let mariadb: MariadbServer;
const closing: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  [redis, mariadb] = await Promise.all([startRedis(), startMariadb()]);
});
afterAll(async () => {
  await Promise.all(closing.map((close) => close()));
  await Promise.all([redis?.dispose(), mariadb?.dispose()]);
});

/** A coordinator of its own on the stores. */
async function coordinator({ store }: OpenStore, prefix: string, id: string) {
  const link = await openLink(redis, prefix);
  closing.push(
    () => link.close(),
    () => store.close(),
  );
  const events = new RecordedEvents();
  const fence: Fence = new RedisFence(link, systemClock);
  const ports = { store, fence, locks: noLocks };
  const keeper = guard(ports, events);
  events.onFenceStrange = () => void keeper.check();
  const segments = new SegmentArbiter({
    ...ports,
    unfenced: keeper,
    clock: systemClock,
    random: Math.random,
    rules: RULES,
    events,
    coordinatorId: id,
  });
  return { link, fence, keeper, events, grant: () => segments.grant('orders', holder(1), CALM) };
}

test('a range whose COMMIT is under way while Redis is wiped does not repeat if a sweep completes, and MySQL forgets it after that', async () => {
  const { handles } = await freshMysqlStores(mariadb);
  const prefix = freshPrefix();
  await handles[0].store.createTag(newTag('orders'));
  const paused = await coordinator(handles[0], prefix, 'c1');
  const other = await coordinator(handles[1], prefix, 'c2');
  await other.keeper.sweep();
  await paused.keeper.sweep();
  const ranges = [await paused.grant()];
  const [{ max_id: counter = 0 } = {}] = await handles[0].driver.query('SELECT max_id FROM leaf_alloc');

  // It stands still between the answer of the fence and its COMMIT.
  const { promise: still, resolve: goOn } = Promise.withResolvers<void>();
  const { promise: reached, resolve: hasRisen } = Promise.withResolvers<void>();
  const { raise } = paused.fence;
  paused.fence.raise = async (moves) => {
    const answers = await raise.call(paused.fence, moves);
    hasRisen();
    await still;
    return answers;
  };
  const asked = paused.grant();
  await reached;
  await other.link.run((client) => client.flushall());
  const { length: before } = other.events.sweeps;
  await other.keeper.check();
  // Time enough for a sweep that waits for nobody.
  await setTimeout(500);
  goOn();
  ranges.push(await asked);
  const hasSwept = async () => {
    await other.keeper.check();
    return other.events.sweeps.length > before;
  };
  expect(await poll(hasSwept)).toBe(true);

  // A failover to a replica that lacks this COMMIT.
  await handles[1].driver.run('UPDATE leaf_alloc SET max_id = ?', [BigInt(counter ?? 0)]);
  await handles[1].driver.run('UPDATE leafcutter_tag SET high_water = ?', [BigInt(counter ?? 0)]);
  await handles[1].driver.run('DELETE FROM leafcutter_ledger WHERE range_start >= ?', [BigInt(counter ?? 0)]);
  paused.fence.raise = raise;
  ranges.push(await other.grant());
  expect(overlaps(ranges)).toEqual([]);
});
