import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findDuplicates, findFallingIds } from '@leafcutter/cli/verify/checks';
import { embeddedFile } from '@leafcutter/coordinator/stores/sqlite/driver';
import { commandFolder, runDocumented } from '../support/documented-commands.ts';
import { callsOf, closeConnections } from '../support/draw.ts';
import { Load } from '../support/load.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { inMysql } from '../support/moved-data.ts';
import { poll } from '../support/poll.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

let mariadb: MariadbServer;
let redis: RedisServer;
let bin = '';

beforeAll(async () => {
  [mariadb, redis] = await Promise.all([startMariadb(), startRedis()]);
  bin = await commandFolder();
});
afterAll(async () => {
  await closeConnections();
  await mariadb?.dispose();
  await redis?.stop();
});

/** Who draws from which source, and how much each has to draw in each stretch. */
const SOURCES = ['orders', 'snowflake'] as const;
const PER_STRETCH = 4_000;
const MACHINE_IDS = ['--snowflake-machine-id-range', '0-5'];

/** A lease that nobody renews while the test runs: a new Redis knows of none. */
const NO_HEARTBEATS = [
  ...['--snowflake-heartbeat-ms', '60000', '--snowflake-lease-ttl-ms', '600000'],
  ...['--snowflake-window-initial-ms', '600000', '--snowflake-window-max-ms', '600000'],
];
/** As much as each agent can, so that two agents with one machine id would meet in many milliseconds. */
const FLAT_OUT = { count: 1_000, paceMs: 0, perStretch: 200_000 };

interface Sabotage {
  /** Agents before the move; default 3. */
  readonly agents?: number;
  readonly coordinatorFlags?: readonly string[];
  readonly pace?: typeof FLAT_OUT;
  /** The agents from before end with the embedded coordinator: they would burn IDs below those that they held. */
  readonly agentsEnd?: true;
  /** After the move, before MySQL's first coordinator. */
  readonly mysql?: readonly string[];
  /** The file is set back to its state before the move, and an embedded coordinator serves from it. */
  readonly oldFile?: true;
}

interface Outcome {
  readonly ids: number;
  readonly duplicates: readonly string[];
  readonly falling: readonly string[];
}

let runs = 0;

/**
 * Agents draw from an embedded coordinator; it stops, is moved by the commands of docs/move-to-mysql.md, and a coordinator on
 * MySQL and Redis takes its place. Then a fresh agent joins.
 */
async function moveUnderLoad(sabotage: Sabotage = {}): Promise<Outcome> {
  const { agents = 3, coordinatorFlags = [], mysql = [], oldFile, agentsEnd } = sabotage;
  const { pace: { count, paceMs, perStretch } = { count: 100, paceMs: 10, perStretch: PER_STRETCH } } =
    sabotage;
  const flags = [...MACHINE_IDS, ...coordinatorFlags];
  const dataDir = join(await scratchDir('move-under-load'), 'data');
  const mysqlUrl = await mariadb.createDatabase();
  const keyPrefix = `move${process.pid}-${++runs}:`;
  const services: Service[] = [];
  const load = new Load();
  const start = async (options: Parameters<typeof Service.start>[0]) => {
    const service = await Service.start(options);
    services.push(service);
    return service;
  };
  const addAgent = async (name: string, coordinator: string) => {
    const agent = await start({
      kind: 'agent',
      name,
      flags: ['--coordinators', coordinator, '--snowflake-enabled'],
    });
    for (const source of SOURCES) load.draw(agent, { source, count, paceMs });
    return agent;
  };
  try {
    const embedded = await start({
      kind: 'coordinator',
      name: 'embedded',
      flags: ['--data-dir', dataDir, ...flags],
    });
    await fetch(`${embedded.url}/v1/tags`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tag: 'orders', step: 500, maxStep: 5_000 }),
    });
    for (let n = 1; n <= agents; n++) await addAgent(`agent-${n}`, embedded.url);
    await drawn(load, agents, perStretch);
    if (agentsEnd) await Promise.all(services.slice(1).map((agent) => agent.stop()));
    await embedded.stop();

    await copyFile(embeddedFile(dataDir), `${dataDir}.before`);
    const env = {
      LEAFCUTTER_DATA_DIR: dataDir,
      LEAFCUTTER_MYSQL_URL: mysqlUrl,
      LEAFCUTTER_REDIS_URL: redis.url,
      COORDINATOR: embedded.url,
      PATH: `${bin}:${process.env.PATH}`,
    };
    const run = (block: string) => runDocumented(block, { page: 'move-to-mysql.md', cwd: bin, env });
    await run('look');
    await run('move');
    for (const sql of mysql) await inMysql(mysqlUrl, (query) => query(sql));
    const { COORDINATOR: _, PATH: __, ...settings } = env;
    const followed = await start({
      kind: 'coordinator',
      name: 'on-mysql',
      port: Number(new URL(embedded.url).port),
      env: settings,
      flags: ['--redis-key-prefix', keyPrefix, ...flags],
    });
    await addAgent('fresh', followed.url);
    if (oldFile) {
      await mkdir(`${dataDir}-old`);
      await copyFile(`${dataDir}.before`, embeddedFile(`${dataDir}-old`));
      const old = await start({
        kind: 'coordinator',
        name: 'old-file',
        flags: ['--data-dir', `${dataDir}-old`, ...flags],
      });
      await addAgent('misled', old.url);
    } else if (mysql.length === 0) await run('verify');
    if (agentsEnd) await drawn(load, 1, perStretch, ['fresh']);
    else await drawn(load, agents + (oldFile ? 2 : 1), perStretch);
    await load.stop();
    const calls = callsOf(load.lanes);
    return {
      ids: load.tally.ids,
      duplicates: [...new Set(findDuplicates(calls).map(({ source }) => source))].sort(),
      falling: findFallingIds(calls).map(({ source, id }) => `${source} ${id}`),
    };
  } finally {
    await load.stop();
    await Promise.all(services.map((service) => service.stop()));
  }
}

/** Resolves when so many agents, of `only` if that is given, each drew so many more of each source. */
async function drawn(
  load: Load,
  agents: number,
  perStretch: number,
  only?: readonly string[],
): Promise<void> {
  const counts = () => {
    const drawnBy = new Map<string, number>();
    for (const { agent, source, ids } of load.lanes) {
      if (only?.includes(agent) === false) continue;
      drawnBy.set(`${agent} ${source}`, (drawnBy.get(`${agent} ${source}`) ?? 0) + ids.length);
    }
    return drawnBy;
  };
  const before = counts();
  const enough = await poll(
    () => {
      const now = [...counts()];
      const done = now.filter(([lane, ids]) => ids - (before.get(lane) ?? 0) >= perStretch);
      return now.length === agents * SOURCES.length && done.length === now.length;
    },
    120_000,
    100,
  );
  if (enough !== true)
    throw new Error(`agents did not draw enough: ${JSON.stringify([...counts()])}; ${load}`);
}

/** Half a minute each, on two cores. */
const inFull = process.env.LEAFCUTTER_FULL === '1' ? test : test.skip;

describe('a move under load', () => {
  test('goes on, for agents that refuse another deployment, too: no ID twice, each agent’s IDs rise', async () => {
    const { ids, duplicates, falling } = await moveUnderLoad();
    expect(ids).toBeGreaterThan((3 + 4) * SOURCES.length * PER_STRETCH);
    expect([duplicates, falling]).toEqual([[], []]);
  });

  inFull('NEGATIVE CONTROL: without the mark the file hands out what MySQL hands out', async () => {
    expect((await moveUnderLoad({ agents: 1, oldFile: true })).duplicates).toContain('orders');
  });

  inFull(
    'NEGATIVE CONTROL: with counters that start below, a fresh agent is given what was issued',
    async () => {
      const mysql = [
        'UPDATE leaf_alloc SET max_id = 1',
        'UPDATE leafcutter_tag SET high_water = 0',
        "DELETE FROM leafcutter_ledger WHERE kind = 't'",
      ];
      expect((await moveUnderLoad({ agents: 1, agentsEnd: true, mysql })).duplicates).toEqual(['orders']);
    },
  );

  inFull(
    'NEGATIVE CONTROL: with ceilings that start below, a fresh agent is given a window that is held',
    async () => {
      const mysql = [
        'UPDATE leafcutter_machine SET ceiling_ms = 0',
        "DELETE FROM leafcutter_ledger WHERE kind = 'm'",
      ];
      const quiet = { agents: 1, coordinatorFlags: NO_HEARTBEATS, pace: FLAT_OUT };
      const { duplicates } = await moveUnderLoad({ ...quiet, mysql });
      expect(duplicates).toEqual(['snowflake']);
    },
  );
});
