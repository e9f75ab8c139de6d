import { expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Row, SqlSession } from '../sql/driver.ts';
import { prepareSession } from './session.ts';

interface Kind {
  readonly isMariadb: boolean;
  /** As version comments write it. */
  readonly version: number;
}

/** What only one of the two knows, as it is by default. */
const MARIADB = { tx_isolation: 'REPEATABLE-READ', tx_read_only: 'OFF', max_statement_time: '0.000000' };
const MYSQL = {
  transaction_isolation: 'REPEATABLE-READ',
  transaction_read_only: 'OFF',
  max_execution_time: '0',
};
const OF_ONE = /^(tx_|transaction_|max_(statement|execution)_time|wsrep_|innodb_snapshot)/;
/** MariaDB leaves to MySQL what is for these versions. */
const isMysqlOnly = (version: number) => version >= 50_700 && version <= 99_999;

/** A server that reads version comments as its kind does; what both kinds know it takes, and does not show. */
class FakeServer implements SqlSession {
  readonly #kind: Kind;
  readonly #variables: Map<string, string>;
  statements = 0;

  constructor(kind: Kind) {
    this.#kind = kind;
    this.#variables = new Map(Object.entries(kind.isMariadb ? MARIADB : MYSQL));
    if (!kind.isMariadb) return;
    this.#variables.set('wsrep_sync_wait', '0');
    this.#variables.set('innodb_snapshot_isolation', kind.version >= 110_602 ? 'ON' : 'OFF');
  }

  async run(sql: string): Promise<number> {
    this.statements += 1;
    for (const [, name = '', value = ''] of this.#read(sql).matchAll(/(\w+) = ('[^']*'|[\w.]+)/g)) {
      if (!OF_ONE.test(name)) continue;
      if (!this.#variables.has(name))
        throw new LeafcutterError('STORE_UNAVAILABLE', `there is no ${name}`, { reason: 'refused' });
      this.#variables.set(name, shown(name, value.replaceAll("'", '')));
    }
    return 0;
  }

  async query(sql: string): Promise<Row[]> {
    this.statements += 1;
    if (!sql.startsWith('SHOW')) return [];
    return Array.from(this.#variables, ([name, value]) => ({ Variable_name: name, Value: value }));
  }

  #read(sql: string): string {
    const { isMariadb, version } = this.#kind;
    return sql.replaceAll(
      /\/\*(M?!?)(\d{5,6})?(.*?)\*\//gs,
      (_all, mark: string, from: string, text: string) => {
        const since = Number(from ?? 0);
        const isFor = isMariadb ? mark === 'M!' || !isMysqlOnly(since) : mark === '!';
        return mark.endsWith('!') && isFor && version >= since ? text : ' ';
      },
    );
  }
}

function shown(name: string, value: string): string {
  if (name.endsWith('read_only')) return value === '0' ? 'OFF' : 'ON';
  return name === 'max_statement_time' ? Number(value).toFixed(6) : value;
}

test.each([
  ['MariaDB 10.11', { isMariadb: true, version: 101_114 }],
  ['MariaDB 11.4', { isMariadb: true, version: 110_405 }],
  ['MariaDB 11.6.1', { isMariadb: true, version: 110_601 }],
  ['MariaDB 11.6.2', { isMariadb: true, version: 110_602 }],
  ['MariaDB 11.8', { isMariadb: true, version: 110_809 }],
  ['MySQL 8.0', { isMariadb: false, version: 80_045 }],
  ['MySQL 8.4', { isMariadb: false, version: 80_408 }],
  ['MySQL 9.7', { isMariadb: false, version: 90_704 }],
])('all is set at once on %s', async (_name, kind) => {
  const server = new FakeServer(kind);
  await prepareSession(server);
  // The SET, the look at it, and the one at the tables' engines.
  expect(server.statements).toBe(3);
});
