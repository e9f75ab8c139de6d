import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createPool, type Pool } from 'mysql2/promise';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { leafcutter } from '../support/process.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

let mariadb: MariadbServer;
let redis: RedisServer;
let coordinator: Service;
let agent: Service;
let url = '';
let pool: Pool;

beforeAll(async () => {
  [mariadb, redis] = await Promise.all([startMariadb(), startRedis()]);
  url = await mariadb.createDatabase();
  pool = createPool({ uri: url, multipleStatements: true });
  const flags = ['--data-dir', join(await scratchDir('import'), 'data')];
  coordinator = await Service.start({ kind: 'coordinator', name: 'coordinator', flags });
  agent = await Service.start({ kind: 'agent', name: 'agent', flags: ['--coordinators', coordinator.url] });
});

afterAll(async () => {
  await agent?.stop();
  await coordinator?.stop();
  await pool?.end();
  await mariadb?.dispose();
  await redis?.stop();
});

async function run(...args: string[]) {
  await using process = leafcutter(['import', ...args], { LEAFCUTTER_COORDINATOR: coordinator.url });
  const { code } = await process.exited;
  return { code, output: process.tail(4_000) };
}

interface Report {
  readonly applied: boolean;
  readonly counters: { name: string; action: string; nextHere?: string; problem?: string }[];
}

async function planned(...args: string[]): Promise<Record<string, [action: string, nextHere?: string]>> {
  const { output } = await run(...args, '--json');
  const { counters } = JSON.parse(output) as Report;
  return Object.fromEntries(
    counters.map(({ name, action, nextHere }) => [
      name,
      nextHere === undefined ? [action] : [action, nextHere],
    ]),
  );
}

const tags = async () => ((await coordinator.json('/v1/tags')) as { tags: unknown[] }).tags;
const draw = async (tag: string) => BigInt(await (await fetch(`${agent.url}/v1/ids/${tag}`)).text());

describe('leafcutter import', () => {
  test('shows what it would do with tinyid’s table, changes nothing, and refuses tables with another delta', async () => {
    await pool.query(`
      CREATE TABLE tiny_id_info (id bigint unsigned PRIMARY KEY AUTO_INCREMENT, biz_type varchar(63) UNIQUE,
        begin_id bigint, max_id bigint, step int, delta int, remainder int, create_time timestamp, update_time timestamp,
        version bigint);
      INSERT INTO tiny_id_info (biz_type, begin_id, max_id, step, delta, remainder, version) VALUES
        ('t.pay', 1, 9007199254740993, 50, 1, 0, 1), ('t.fresh', 0, 0, 100000, 1, 0, 1), ('t.odd', 1, 500, 10, 2, 1, 1),
        ('bad name', 1, 5, 10, 1, 0, 1), ('t.minus', -9, -9, 10, 1, 0, 1), ('t.end', 1, 9223372036854775807, 10, 1, 0, 1)`);
    expect(await planned('tinyid', '--from', url, '--gap', '1000')).toEqual({
      't.pay': ['create', '9007199254741994'],
      't.fresh': ['create', '1001'],
      't.odd': ['refuse'],
      'bad name': ['refuse'],
      't.minus': ['refuse'],
      't.end': ['refuse'],
    });
    const shown = await run('tinyid', '--from', url, '--gap', '1000');
    expect(shown).toMatchObject({ code: 1, output: expect.stringMatching(/t\.odd .*delta is 2/) });
    expect(shown.output).toContain('2 to create, 0 kept, 4 refused.');
    expect(await tags()).toEqual([]);
    const all = await run('tinyid', '--from', url, '--apply');
    expect(all).toMatchObject({ code: 1, output: expect.stringContaining('Nothing was created') });
    expect(await tags()).toEqual([]);
  });

  test('makes the tags above the source, keeps them when run again, and reports a counter that overtook its tag', async () => {
    const flags = ['tinyid', '--from', url, '--gap', '1000', '--apply', '--skip-refused'];
    expect(await run(...flags)).toMatchObject({
      code: 1,
      output: expect.stringContaining('2 created, 0 kept'),
    });
    expect(await draw('t.pay')).toBe(9_007_199_254_741_994n);
    expect(await planned(...flags)).toMatchObject({
      't.pay': ['keep', expect.anything()],
      't.fresh': ['keep', '1001'],
    });
    await pool.query("UPDATE tiny_id_info SET max_id = 5000 WHERE biz_type = 't.fresh'");
    const late = await run(...flags);
    expect(late).toMatchObject({ code: 1, output: expect.stringMatching(/t\.fresh .*is 4000 below/) });
    expect(await coordinator.json('/v1/tags/t.fresh')).toMatchObject({ nextId: '1001' });
    // The tag has gone on since and is higher, but the ranges that it granted are not.
    await draw('t.fresh');
    await pool.query("UPDATE tiny_id_info SET max_id = 1001 WHERE biz_type = 't.fresh'");
    const outrun = await run(...flags);
    expect(outrun).toMatchObject({
      code: 1,
      output: expect.stringMatching(/t\.fresh .*from 1001 to 1001: some may/),
    });
  });

  test('takes go-leaf’s table: its max_id is the next ID', async () => {
    await pool.query(`
      CREATE TABLE segments (biz_tag varchar(32) PRIMARY KEY, max_id bigint, step bigint, description varchar(256),
        update_time bigint);
      INSERT INTO segments VALUES ('g.order', 2001, 2000, 'orders', 0)`);
    const done = await run('go-leaf', '--from', url, '--gap', '0', '--apply');
    expect(done).toMatchObject({ code: 0, output: expect.stringContaining('1 created, 0 kept, 0 refused') });
    expect(await draw('g.order')).toBe(2_001n);
  });

  test('takes Redis counters that match, and nothing else', async () => {
    const client = new Redis(redis.url);
    await client.mset({ 'id:user': '41', 'id:text': 'hello', 'other:x': '5', 'id:big': '9007199254740993' });
    await client.hset('id:hash', { a: '1' });
    client.disconnect();
    const from = ['redis', '--from', redis.url, '--match', 'id:*', '--gap', '0'];
    expect(await planned(...from)).toEqual({
      'id:user': ['create', '42'],
      'id:big': ['create', '9007199254740994'],
      'id:text': ['refuse'],
    });
    await run(...from, '--apply', '--skip-refused');
    expect(await draw('id:user')).toBe(42n);
  });

  describe('of CosId', () => {
    /** Takes a segment as CosId does: it then issues `(old, new]`. */
    const allocate = async (step: number) => {
      await pool.query("UPDATE cosid SET last_max_id = last_max_id + ? WHERE name = 'shop.order'", [step]);
      const [rows] = await pool.query("SELECT last_max_id AS top FROM cosid WHERE name = 'shop.order'");
      const [{ top }] = rows as [{ top: number }];
      return Array.from({ length: step }, (_, index) => BigInt(top - index));
    };
    const flags = () => ['cosid', '--from', url, '--gap', '10', '--rename', 'shop.*=cosid:*', '--apply'];

    test('takes its table: nothing that it issues until the gap is used up comes twice, and more is told', async () => {
      await pool.query(`
        CREATE TABLE cosid (name varchar(100) PRIMARY KEY, last_max_id bigint unsigned NOT NULL DEFAULT 0,
          last_fetch_time bigint unsigned NOT NULL);
        INSERT INTO cosid VALUES ('shop.order', 500, 0), ('shop.fresh', 0, 0)`);
      const before = await allocate(10);
      expect(before[0]).toBe(510n);
      const done = await run(...flags());
      expect(done).toMatchObject({
        code: 0,
        output: expect.stringContaining('2 created, 0 kept, 0 refused'),
      });
      expect(done.output).toMatch(/stop all applications with CosId on this store.* fewer than 10 numbers/);
      expect(await coordinator.json('/v1/tags/cosid:order')).toMatchObject({
        nextId: '521',
        description: 'imported from cosid: shop.order',
      });
      const meanwhile = await allocate(10);
      const here = await Promise.all(Array.from({ length: 20 }, () => draw('cosid:order')));
      expect(new Set([...before, ...meanwhile, ...here]).size).toBe(
        before.length + meanwhile.length + here.length,
      );
      expect(await run(...flags())).toMatchObject({ code: 0, output: expect.stringContaining('2 kept') });
      await allocate(1);
      expect(await run(...flags())).toMatchObject({
        code: 1,
        output: expect.stringMatching(/both handed out IDs from 521 to 521/),
      });
    });

    test('control: a tag that starts at last_max_id, as go-leaf counts, gives an ID that CosId issued', async () => {
      const [last] = await allocate(1);
      await coordinator.json('/v1/tags', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ tag: 'cosid-by-hand', start: String(last) }),
      });
      expect(await draw('cosid-by-hand')).toBe(last);
    });

    test('takes its keys by what stands in their braces, and no counter of machine ids', async () => {
      const client = new Redis(redis.url);
      await client.mset({
        'cosid:{shop.user}.adder': '700',
        'cosid:{shop}:adder': '3',
        'cosid:shop:adder': '3',
        'cosid:shop:early:adder': '9',
        'cosid:{shop.day@2026-11}.adder': '5',
      });
      await client.hset('cosid:{shop}:itc_idx', { a: '0|0' });
      const from = ['--from', redis.url, '--gap', '0'];
      expect(await planned('cosid', ...from, '--rename', '*@2026-11=*-2026-11')).toEqual({
        'shop.user': ['create', '701'],
        'shop.day@2026-11': ['create', '6'],
        'cosid:shop:early:adder': ['refuse'],
      });
      const asRedis = await planned('redis', ...from, '--match', 'cosid:*');
      expect(new Set(Object.values(asRedis).flat())).toEqual(new Set(['refuse']));
      client.disconnect();
    });
  });

  test('makes no tag of two counters, and none if a rename fits nothing', async () => {
    const client = new Redis(redis.url);
    await client.mset({ 'eu:one': '50', 'us:one': '9000' });
    client.disconnect();
    const from = ['redis', '--from', redis.url, '--match', '?[us]:one', '--rename'];
    const clash = await run(...from, 'eu:*=all:*', '--rename', 'us:*=all:*', '--apply');
    expect(clash).toMatchObject({
      code: 1,
      output: expect.stringMatching(/eu:one +all:one .*us:one would also become tag all:one/),
    });
    expect(await run(...from, 'eu:oen=one')).toMatchObject({
      code: 64,
      output: expect.stringContaining('--rename eu:oen=one matches no counter'),
    });
    expect(JSON.stringify(await tags())).not.toContain('all:one');
  });

  test('reads no replica, which may be behind, unless it is told to', async () => {
    const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', new URL(redis.url).port] });
    const ofReplica = ['redis', '--from', replica.url, '--match', 'none:*'];
    expect(await run(...ofReplica)).toMatchObject({
      code: 1,
      output: expect.stringContaining('is a replica'),
    });
    expect(await run(...ofReplica, '--from-replica')).toMatchObject({ code: 0 });
    await replica.stop();
    await pool.query('SET GLOBAL read_only = ON');
    const readOnly = ['go-leaf', '--from', url];
    expect(await run(...readOnly)).toMatchObject({
      code: 1,
      output: expect.stringContaining('is read-only'),
    });
    expect(await planned(...readOnly, '--from-replica')).toMatchObject({ 'g.order': expect.anything() });
    await pool.query('SET GLOBAL read_only = OFF');
  });

  test('warns of names that Leaf would serve from one another, made before or now', async () => {
    const client = new Redis(redis.url);
    await client.mset({ 'pair:a': '1', 'pair:a.v2': '1', 'pair:lone.v2': '1' });
    const from = ['redis', '--from', redis.url, '--gap', '0', '--match'];
    const both = await run(...from, 'pair:*');
    expect(both.output).toContain(
      'would serve the first of each of these pairs from the second: pair:a.v2 / pair:a.',
    );
    await run(...from, 'pair:a', '--apply');
    expect((await run(...from, 'pair:a.v2')).output).toContain('pair:a.v2 / pair:a.');
    expect((await run(...from, 'pair:lone*')).output).not.toContain('would serve');
    client.disconnect();
  });

  test('says what is missing and never shows a password', async () => {
    expect(await run()).toMatchObject({ code: 64 });
    expect(await run('leaf', '--from', url)).toMatchObject({
      code: 64,
      output: expect.stringContaining('import takes one of'),
    });
    expect(await run('redis', '--from', redis.url)).toMatchObject({
      code: 64,
      output: expect.stringContaining('--match'),
    });
    expect(await run('tinyid', '--from', url, '--gap', '-1')).toMatchObject({ code: 64 });
    const wrong = url.replace('root@', 'nobody:hush-hush@');
    const denied = await run('tinyid', '--from', wrong);
    expect(denied).toMatchObject({ code: 1, output: expect.stringContaining('could not be read') });
    expect(denied.output).not.toContain('hush-hush');
    const empty = await run('go-leaf', '--from', await mariadb.createDatabase());
    expect(empty).toMatchObject({ code: 1, output: expect.stringContaining('that the table exists') });
  });
});
