import { hasCode, LeafcutterError } from '@leafcutter/shared/errors';
import { RETRY_REASONS } from '../../domain/allocation/store.ts';
import type { SqlSession } from '../sql/driver.ts';
import { isUnsettable, readOnly } from './errors.ts';

const MODES = ['ERROR_FOR_DIVISION_BY_ZERO', 'NO_ENGINE_SUBSTITUTION', 'STRICT_ALL_TABLES'];
const NO_LIMIT = '18446744073709551615';

/**
 * What every session sets itself, because a server may have any default: strict, in UTC, each statement by itself and each
 * COMMIT the end; no SELECT cut short, no order by the beginning of a name only; and giving up after seconds, so that a
 * coordinator that is paused inside a transaction keeps a tag's row no longer than that.
 */
const EVERYWHERE = `sql_mode = '${MODES.join()}', time_zone = '+00:00', autocommit = 1, completion_type = 0,
     sql_select_limit = ${NO_LIMIT}, sql_safe_updates = 0,
     innodb_lock_wait_timeout = 1, lock_wait_timeout = 10, wait_timeout = 10`;

/**
 * All of it in one round trip, by the names that MariaDB and MySQL each give it: MySQL skips what is for MariaDB, MariaDB
 * what is for MySQL 8, and an older MariaDB what is for later ones. Some servers know a name less, or have a default that
 * this leaves as it is; then each statement is sent by itself.
 */
const AT_ONCE = `SET NAMES utf8mb4, ${EVERYWHERE}
     /*M! , tx_isolation = 'READ-COMMITTED', tx_read_only = 0, max_statement_time = 0, wsrep_sync_wait = 1 */
     /*M!110602 , innodb_snapshot_isolation = OFF */
     /*!80000 , transaction_isolation = 'READ-COMMITTED', transaction_read_only = 0, max_execution_time = 0 */`;

const SETUP = [
  `SET SESSION ${EVERYWHERE}`,
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE',
  // A server may ignore what the client asked for when it connected, or set another one by init_connect.
  'SET NAMES utf8mb4',
];

/** What only some servers know, or let every user set; where it matters, the look at what is set tells. */
const SETUP_IF_KNOWN = [
  'SET SESSION sql_big_selects = 1, max_sort_length = 1024, sql_auto_is_null = 0',
  // Galera: a transaction, or a single SELECT, begins when this node has everything that was committed anywhere before. A
  // node behind the others would show a counter below its fence, which is taken for a MySQL that lost writes.
  'SET SESSION wsrep_sync_wait = 1',
  // MariaDB and MySQL: the driver bounds each statement, and the server would end an audit of a large ledger again and again.
  'SET SESSION max_statement_time = 0',
  'SET SESSION max_execution_time = 0',
  // MariaDB 11.6.2 and later: a locking read would fail if another transaction committed since this one began.
  'SET SESSION innodb_snapshot_isolation = OFF',
];

/** What the session must show then; of variables with two names a server knows one or both. */
const EXPECTED: Readonly<Record<string, string>> = {
  sql_mode: MODES.join(),
  time_zone: '+00:00',
  autocommit: 'ON',
  completion_type: 'NO_CHAIN',
  sql_select_limit: NO_LIMIT,
  max_sort_length: '1024',
  sql_auto_is_null: 'OFF',
  innodb_lock_wait_timeout: '1',
  tx_isolation: 'READ-COMMITTED',
  transaction_isolation: 'READ-COMMITTED',
  tx_read_only: 'OFF',
  transaction_read_only: 'OFF',
  innodb_snapshot_isolation: 'OFF',
  character_set_client: 'utf8mb4',
  character_set_connection: 'utf8mb4',
  character_set_results: 'utf8mb4',
};

/** What it should show, too, where a server knows it and lets this user set it. */
const WISHED: Readonly<Record<string, string>> = {
  sql_big_selects: 'ON',
  wsrep_sync_wait: '1',
  max_statement_time: '0.000000',
  max_execution_time: '0',
};

/** What no session can set. */
const LOOKED_AT = ['read_only', 'log_bin', 'binlog_format', 'hostname', 'port', 'server_id'];

/** Tables of ours whose engine is another; a view has none. */
const OTHER_ENGINES = `SELECT TABLE_NAME AS name, ENGINE AS engine FROM information_schema.TABLES
  WHERE TABLE_SCHEMA = DATABASE() AND (TABLE_NAME = 'leaf_alloc' OR TABLE_NAME LIKE 'leafcutter|_%' ESCAPE '|')
    AND ENGINE <> 'InnoDB' ORDER BY TABLE_NAME LIMIT 1`;

const NAMES = [EXPECTED, WISHED].flatMap(Object.keys).concat(LOOKED_AT);
const SHOW = `SHOW SESSION VARIABLES WHERE Variable_name IN (${NAMES.map((name) => `'${name}'`).join()})`;

/** Values of variables by their names, in lower case. */
type Variables = ReadonlyMap<string, string>;

/**
 * Makes a new connection a session that may change counters. Resolves to the name of the server that it leads to.
 * @throws STORE_UNAVAILABLE with reason `session`, `binlog_format`, `engine` or `read_only` if it cannot be one
 */
export async function prepareSession(session: SqlSession): Promise<string> {
  const shown = (await setAtOnce(session)) ?? (await setEach(session));
  checkVariables(shown);
  const [table] = await session.query(OTHER_ENGINES);
  if (table !== undefined)
    throw refused(
      'engine',
      `Table ${table.name} is kept by ${table.engine}, which has no transactions and row locks: ALTER TABLE ${table.name} ENGINE = InnoDB.`,
    );
  return ['hostname', 'port', 'server_id'].map((name) => shown.get(name)).join(' ');
}

/** Undefined if the server refuses, or does not show all then that it should. */
async function setAtOnce(session: SqlSession): Promise<Variables | undefined> {
  try {
    await session.run(AT_ONCE);
    const shown = await variables(session);
    return differing(shown, { ...EXPECTED, ...WISHED }) === undefined ? shown : undefined;
  } catch (error) {
    if (hasCode(error, 'STORE_UNAVAILABLE') && error.reason === RETRY_REASONS.connectionLost) throw error;
    return undefined;
  }
}

async function setEach(session: SqlSession): Promise<Variables> {
  for (const sql of SETUP)
    await session.run(sql).catch((error: unknown) => {
      if (!hasCode(error, 'STORE_UNAVAILABLE') || error.reason !== RETRY_REASONS.refused) throw error;
      throw refused(
        'session',
        'This server does not allow the session settings that Leafcutter needs.',
        error,
      );
    });
  for (const sql of SETUP_IF_KNOWN)
    await session.run(sql).catch((error: unknown) => {
      if (!isUnsettable(error)) throw error;
    });
  return variables(session);
}

async function variables(session: SqlSession): Promise<Variables> {
  const rows = await session.query(SHOW);
  return new Map(rows.map((row) => [String(row.Variable_name).toLowerCase(), String(row.Value)]));
}

/** The first variable that is shown and has another value. */
function differing(shown: Variables, wanted: Readonly<Record<string, string>>): string | undefined {
  return Object.keys(wanted).find((name) => {
    const found = shown.get(name);
    return found !== undefined && inOrder(found) !== wanted[name];
  });
}

/** @throws as `prepareSession` */
function checkVariables(shown: Variables): void {
  const name = differing(shown, EXPECTED);
  if (name !== undefined) {
    throw refused(
      'session',
      `MySQL, or a proxy in front of it, does not keep session settings: ${name} is ${shown.get(name)}, not ${EXPECTED[name]}.`,
    );
  }
  if (shown.get('log_bin') === 'ON' && shown.get('binlog_format') === 'STATEMENT') {
    throw refused(
      'binlog_format',
      'With binlog_format = STATEMENT, MySQL accepts no writes in READ COMMITTED: set it to ROW or MIXED.',
    );
  }
  // A user with enough rights could write to a read-only replica, which is a second truth.
  if ((shown.get('read_only') ?? 'OFF') !== 'OFF') throw readOnly();
}

function inOrder(value: string): string {
  return value.split(',').sort().join();
}

function refused(reason: string, message: string, cause?: unknown): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', message, { reason, cause });
}
