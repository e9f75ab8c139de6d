import { cpSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection, PoolConnection } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { startMariadb } from '../../support/mariadb-server.ts';
import { poll } from '../../support/poll.ts';
import type { Hardship } from './hardship.ts';
import { CAN_MAKE_DISKS, fillDisk, limit, makeDisk, NO_MORE_FILES, resizeDisk } from './limits.ts';
import type { StoresBench } from './stores-bench.ts';

type Operating = (operator: PoolConnection, bench: StoresBench) => Promise<() => Promise<unknown>>;

/** Works on a connection that is there before the hardship, and still there to end it. */
function operated(name: string, operate: Operating): Hardship<StoresBench> {
  return {
    name,
    async begin(bench) {
      const operator = await bench.arena.operator.mysql.getConnection();
      const end = await operate(operator, bench);
      return async () => {
        await end();
        operator.release();
      };
    },
  };
}

/** Sets variables for all sessions to come, and has the coordinator connect anew. */
function variables(values: Readonly<Record<string, string | number>>): Hardship<StoresBench> {
  const name = Object.entries(values).map(([variable, value]) => `\`${variable} = ${value}\``);
  return operated(`MySQL: ${name.join(', ')}`, (operator, { place }) =>
    setGlobals(operator, values, () => place.mysql.resetAll()),
  );
}

async function setGlobals(
  operator: PoolConnection,
  values: Readonly<Record<string, string | number>>,
  renew: () => void,
): Promise<() => Promise<void>> {
  const set = async (to: Readonly<Record<string, string | number>>) => {
    for (const [variable, value] of Object.entries(to))
      await operator.query(`SET GLOBAL ${variable} = ?`, [value]);
    renew();
  };
  const before: Record<string, string | number> = {};
  for (const variable of Object.keys(values)) {
    const [rows] = await operator.query(`SELECT @@GLOBAL.${variable} AS value`);
    const [row] = rows as { value: string | number }[];
    // A number is refused as a text, and what has names answers with a name.
    const text = String(row?.value);
    before[variable] = /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  }
  await set(values);
  return () => set(before);
}

/** Takes connections until there are none left. */
async function takeAll(uri: string): Promise<Connection[]> {
  const taken: Connection[] = [];
  for (;;) {
    const connection = await createConnection(uri).catch(() => undefined);
    if (connection === undefined) return taken;
    connection.on('error', () => undefined);
    taken.push(connection);
  }
}

/** The database moves to a disk of its own, which is filled then, also by a row of the ledger for each ID. */
async function fillDatabase({ arena, stack, agent, load }: StoresBench): Promise<() => Promise<void>> {
  const [rows] = await arena.operator.mysql.query('SELECT @@datadir AS folder');
  const [{ folder }] = rows as [{ folder: string }];
  const disk = await makeDisk(stack, 4);
  const [before, after] = [join(folder, 'leafcutter'), join(disk, 'leafcutter')];
  await arena.mariadb.stop();
  cpSync(before, after, { recursive: true });
  rmSync(before, { recursive: true });
  symlinkSync(after, before);
  await arena.mariadb.restart();
  await poll(() => arena.createTag('tiny', { step: 1 }).then(() => true));
  const makeRoom = await fillDisk(disk);
  void load.add({ agent: agent.name, url: agent.url, source: 'tiny', count: 1, depth: 8, calls: 4_000 });
  return async () => {
    await makeRoom();
    // The database stays there for the hardships that follow.
    await resizeDisk(disk, 1_024);
  };
}

export const MYSQL_HARDSHIPS: readonly Hardship<StoresBench>[] = [
  variables({ sql_mode: 'ORACLE', time_zone: '-11:00', autocommit: 0, completion_type: 1 }),
  variables({ tx_isolation: 'SERIALIZABLE', lock_wait_timeout: 0, innodb_lock_wait_timeout: 0 }),
  variables({ wait_timeout: 1, interactive_timeout: 1, idle_transaction_timeout: 1 }),
  variables({ net_read_timeout: 1, net_write_timeout: 1, net_retry_count: 1, connect_timeout: 2 }),
  variables({
    sort_buffer_size: 1024,
    join_buffer_size: 128,
    read_buffer_size: 8_192,
    tmp_memory_table_size: 0,
    max_heap_table_size: 16_384,
    group_concat_max_len: 4,
  }),
  variables({ net_buffer_length: 1024, max_allowed_packet: 1024 }),
  variables({ max_prepared_stmt_count: 0 }),
  variables({ auto_increment_increment: 7, auto_increment_offset: 3, innodb_deadlock_detect: 'OFF' }),
  variables({ in_predicate_conversion_threshold: 2, optimizer_search_depth: 0, max_seeks_for_key: 1 }),
  variables({
    session_track_state_change: 'ON',
    session_track_system_variables: '*',
    session_track_transaction_info: 'CHARACTERISTICS',
  }),
  variables({
    lc_messages: 'de_DE',
    lc_time_names: 'ar_AE',
    general_log: 'ON',
    slow_query_log: 'ON',
    long_query_time: 0,
  }),
  variables({
    idle_write_transaction_timeout: 1,
    idle_readonly_transaction_timeout: 1,
    foreign_key_checks: 0,
    unique_checks: 0,
  }),
  variables({ max_statement_time: 0.001 }),
  variables({ read_only: 1 }),
  variables({ require_secure_transport: 1 }),
  operated('MySQL: the last of 15 connections is taken', async (operator, { place, arena }) => {
    const lift = await setGlobals(operator, { max_connections: 15 }, () => undefined);
    place.mysql.resetAll();
    const taken = await takeAll(arena.mariadb.url);
    return async () => {
      for (const connection of taken) connection.destroy();
      await lift();
    };
  }),
  {
    ...operated('MySQL: `FLUSH TABLES WITH READ LOCK`, as for a backup', async (operator) => {
      await operator.query('FLUSH TABLES WITH READ LOCK');
      return () => operator.query('UNLOCK TABLES');
    }),
    lastsMs: 10_000,
  },
  ...(CAN_MAKE_DISKS
    ? [{ name: 'MySQL: started again, and its disk is full (1114)', begin: fillDatabase, lastsMs: 20_000 }]
    : []),
  operated('MySQL: `LOCK TABLES … READ` on its tables by somebody', async (operator) => {
    await operator.query('LOCK TABLES leaf_alloc READ, leafcutter_machine READ, leafcutter_ledger READ');
    return () => operator.query('UNLOCK TABLES');
  }),
  operated('MySQL: `ALTER TABLE` waits for an open transaction', async (operator, { arena }) => {
    await operator.query('START TRANSACTION');
    await operator.query('SELECT COUNT(*) FROM leaf_alloc');
    const waits = arena.operator.mysql.query('ALTER TABLE leaf_alloc COMMENT = "a note"');
    return async () => {
      await operator.query('COMMIT');
      await waits;
    };
  }),
  {
    name: 'MySQL: stands still (SIGSTOP)',
    lastsMs: 8_000,
    async begin({ arena: { mariadb } }) {
      await mariadb.pause();
      return () => mariadb.resume();
    },
  },
  {
    name: 'MySQL: half-open connections, on which nothing comes back',
    lastsMs: 8_000,
    async begin({ place }) {
      await place.mysql.blackhole('server-to-client');
      return () => place.mysql.heal();
    },
  },
  {
    name: 'MySQL: no further file or connection (`ulimit -n`)',
    async begin({ arena, place }) {
      const { pid } = arena.mariadb;
      const lift = await limit(pid, 'nofile', NO_MORE_FILES);
      place.mysql.resetAll();
      return lift;
    },
  },
  {
    name: 'MySQL: its name leads to another server, with an empty database',
    async begin({ arena, place }) {
      const other = await startMariadb();
      place.mysql.leadTo({ host: '127.0.0.1', port: other.port });
      return async () => {
        place.mysql.leadTo({ host: '127.0.0.1', port: arena.mariadb.port });
        await other.dispose();
      };
    },
  },
  ...[0.3, 0.8].map((seconds) => ({
    name: `MySQL: each answer takes ${seconds} s`,
    lastsMs: 10_000,
    async begin({ place }: StoresBench) {
      place.mysql.delay(seconds * 1_000);
      return async () => place.mysql.delay(0);
    },
  })),
];
