import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Range } from '@leafcutter/coordinator/domain/allocation/range';
import { FenceGuard } from '@leafcutter/coordinator/domain/fence-guard/fence-guard';
import { SegmentArbiter } from '@leafcutter/coordinator/domain/segments/segments';
import { RecordedEvents } from '@leafcutter/coordinator/fakes/recorded-events';
import {
  CALM,
  holder,
  LAYOUT_TEXT,
  newTag,
  overlaps,
  SEGMENT_RULES,
} from '@leafcutter/coordinator/fakes/samples';
import { noLocks } from '@leafcutter/coordinator/stores/memory/no-locks';
import { RedisFence } from '@leafcutter/coordinator/stores/redis/fence';
import { systemClock } from '@leafcutter/shared/system-clock';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { startProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { freshMysqlStores, freshPrefix, type OpenStore, openLink, untilRestartShows } from './backends.ts';

const HOST = '127.0.0.1';
const RULES = { ...SEGMENT_RULES, deadlineMs: PATIENCE_MS };

let stack: AsyncDisposableStack;
let mariadb: MariadbServer;
let redis: RedisServer;
/** Where coordinators find Redis. */
let address: TcpProxy;
let prefix: string;
let handles: [OpenStore, OpenStore];

beforeAll(async () => {
  mariadb = await startMariadb();
});
afterAll(() => mariadb?.dispose());

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  redis = stack.use(await startRedis());
  address = stack.use(await startProxy({ target: { host: HOST, port: redis.port } }));
  ({ handles } = await freshMysqlStores(mariadb));
  for (const { store } of handles) stack.defer(() => store.close());
  await handles[0].store.createTag(newTag('orders'));
  prefix = freshPrefix();
});
afterEach(() => stack.disposeAsync());

interface Coordinator {
  grant(): Promise<Range>;
  /** How many sweeps it has done. It does none by itself: nothing starts its guard. */
  sweeps(): number;
}

/** A coordinator that has swept, so that it may go unfenced. */
async function coordinator({ store }: OpenStore, allowUnswept: boolean): Promise<Coordinator> {
  const link = stack.adopt(await openLink({ url: `redis://${HOST}:${address.port}` }, prefix), (each) =>
    each.close(),
  );
  const events = new RecordedEvents();
  const fence = stack.adopt(new RedisFence(link), (each) => each.close());
  const shared = { store, fence, clock: systemClock, locks: noLocks, events };
  const parts = { ...shared, coordinatorId: 'c1' };
  const guard = new FenceGuard({ ...parts, allowUnswept, layout: LAYOUT_TEXT, newGeneration: randomUUID });
  await guard.sweep();
  const segments = new SegmentArbiter({ ...parts, unfenced: guard, random: Math.random, rules: RULES });
  return {
    grant: () => segments.grant('orders', holder(1), CALM),
    sweeps: () => events.sweeps.length,
  };
}

/** What closes Redis for writes after the first range, to be called after the second one, and what opens it again. */
type Closing = () => Promise<{ close(): Promise<unknown>; open(): Promise<unknown> }>;

/** A Redis that is full. It knows of both ranges. */
const full: Closing = async () => {
  const operator = stack.adopt(await openLink(redis), (link) => link.close());
  const bound = (maxmemory: string) => operator.run((client) => client.config('SET', 'maxmemory', maxmemory));
  return { close: () => bound('1'), open: () => bound('0') };
};

/** A replica in Redis' place that nobody promotes, and that lacks the second range. */
const behind: Closing = async () => {
  const replica = stack.use(await startRedis({ args: ['--replicaof', HOST, String(redis.port)] }));
  const operator = stack.adopt(await openLink(replica, prefix), (link) => link.close());
  const fence = new RedisFence(operator);
  const isThere = async () => (await fence.read({ kind: 'tag', tag: 'orders' })).value > 0n;
  expect(await poll(isThere)).toBe(true);
  await operator.run((client) => client.replicaof(HOST, 1));
  return {
    close: async () => address.leadTo({ host: HOST, port: replica.port }),
    open: async () => address.leadTo({ host: HOST, port: redis.port }),
  };
};

/** MySQL is started again without the second range, and at the same time Redis takes no writes. */
async function loseBoth(closing: Closing, allowUnswept: boolean) {
  // The other one knows of the ranges only what the stores tell it.
  const one = await coordinator(handles[0], false);
  const other = await coordinator(handles[1], allowUnswept);
  const first = await one.grant();
  const { close, open } = await closing();
  const ranges = [first, await one.grant()];
  expect(await untilRestartShows(handles[0].driver)).toBe(true);
  await mariadb.restart();
  await poll(() => handles[0].store.now());
  const { driver } = handles[0];
  await driver.run("UPDATE leaf_alloc SET max_id = ? WHERE biz_tag = 'orders'", [first.end]);
  await driver.run("UPDATE leafcutter_tag SET high_water = ? WHERE tag = 'orders'", [first.end]);
  await driver.run('DELETE FROM leafcutter_ledger WHERE range_start >= ?', [first.end]);
  await close();
  return { ranges, other, open };
}

describe.each([
  ['is full', full],
  ['has a replica in its place that nobody promotes', behind],
])('right after a MySQL that was started again without its last write, while Redis %s', (_what, closing) => {
  test('nothing is granted; once Redis takes writes, the next request is served, before any sweep', async () => {
    const { ranges, other, open } = await loseBoth(closing, false);
    const reason = () => other.grant().then(String, (error: { reason?: string }) => error.reason);
    // A connection that was just lost is another reason to refuse.
    expect(await poll(async () => (await reason()) === 'fence_unswept')).toBe(true);
    expect(await reason()).toBe('fence_unswept');
    const sweeps = other.sweeps();
    await open();
    ranges.push((await poll(() => other.grant())) as Range);
    expect(other.sweeps()).toBe(sweeps);
    expect(overlaps(ranges)).toEqual([]);
  });
});

test('NEGATIVE CONTROL: if it may go unswept, what MySQL and that replica lack is granted again', async () => {
  const { ranges, other } = await loseBoth(behind, true);
  ranges.push((await poll(() => other.grant())) as Range);
  expect(overlaps(ranges)).not.toEqual([]);
});
