import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ServerKind } from './catalogue.ts';

/** Libraries of a server of its own; the last are MySQL's. */
const LIBRARIES = ['usr/lib/x86_64-linux-gnu', 'usr/lib/mysql/private'];

/** The files from which MariaDB makes the tables of its own. */
const SYSTEM_TABLES = [
  'mariadb_system_tables.sql',
  'mariadb_performance_tables.sql',
  'mariadb_system_tables_data.sql',
  'maria_add_gis_sp_bootstrap.sql',
  'mariadb_sys_schema.sql',
];

/**
 * Puts programs into `bin` that have the names of those that tests start, and start this server in their place. A
 * server that came with a C library runs on that one.
 */
export function writeWrappers({ dialect, program }: ServerKind, root: string, bin: string): void {
  mkdirSync(bin, { recursive: true });
  const path = join(root, program);
  chmodSync(path, 0o755);
  const loader = join(root, 'usr/lib64/ld-linux-x86-64.so.2');
  const libraries = LIBRARIES.map((folder) => join(root, folder)).join(':');
  const start = existsSync(loader) ? `'${loader}' --library-path '${libraries}' '${path}'` : `'${path}'`;
  const write = (name: string, lines: readonly string[]) =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 });
  if (dialect === 'redis') write('redis-server', [`exec ${start} "$@"`]);
  else if (dialect === 'mariadb') writeMariadb(start, dirname(dirname(path)), write);
  else writeMysql(start, dirname(dirname(path)), write);
}

type Write = (name: string, lines: readonly string[]) => void;

function writeMariadb(start: string, base: string, write: Write): void {
  const share = [join(base, 'share/mariadb'), join(base, 'share')].find((folder) =>
    existsSync(join(folder, SYSTEM_TABLES[0] ?? '')),
  );
  const places = [
    `--basedir='${base}' --lc-messages-dir='${share}' --character-sets-dir='${share}/charsets'`,
    `--plugin-dir='${base}/lib/mysql/plugin'`,
  ].join(' ');
  // Without a certificate of its own it would make one at each start, which takes a minute on a busy machine.
  write('mariadbd', [
    ...argumentsBut('--no-defaults'),
    `exec ${start} --no-defaults --skip-ssl "$@" ${places}`,
  ]);
  const tables = SYSTEM_TABLES.map((name) => `'${share}/${name}'`).join(' ');
  write('mariadb-install-db', [
    ...argumentsBut('--auth-root-authentication-method=*|--skip-test-db'),
    'mkdir -p "$data/mysql"',
    `{ printf 'SET @auth_root_socket = NULL;\\nUSE mysql;\\n'; cat ${tables}; } |`,
    `  ${start} "$@" ${places} --bootstrap`,
  ]);
}

/**
 * MySQL knows no `--innodb-log-file-size`, and lets `root` in by the socket only. What it leaves unsynced survives its
 * own death, and nobody kills the machine.
 */
function writeMysql(start: string, base: string, write: Write): void {
  const places = [
    `--basedir='${base}' --lc-messages-dir='${base}/share/mysql' --character-sets-dir='${base}/share/mysql/charsets'`,
    `--plugin-dir='${base}/lib/mysql/plugin' --mysqlx=OFF --secure-file-priv=NULL`,
    '--innodb-redo-log-capacity=32M --skip-log-bin --innodb-flush-method=nosync',
  ].join(' ');
  const unknown = '--no-defaults|--innodb-log-file-size=*';
  write('mariadbd', [...argumentsBut(unknown), `exec ${start} --no-defaults ${places} "$@"`]);
  write('mariadb-install-db', [
    ...argumentsBut(`${unknown}|--auth-root-authentication-method=*|--skip-test-db`),
    'users="$data.users.sql"',
    `printf "CREATE USER root@'127.0.0.1';\\nGRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;\\n" >"$users"`,
    `${start} --no-defaults ${places} "$@" --initialize-insecure --init-file="$users"`,
    'status=$?; rm "$users"; exit $status',
  ]);
}

/** Lines of sh that take arguments out of `$@`, in their order, and note the folder of the data. */
function argumentsBut(patterns: string): string[] {
  return [
    'data=',
    'for argument in "$@"; do',
    '  shift',
    '  case "$argument" in',
    `    --datadir=*) data="\${argument#--datadir=}"; set -- "$@" "$argument" ;;`,
    `    ${patterns}) ;;`,
    '    *) set -- "$@" "$argument" ;;',
    '  esac',
    'done',
  ];
}
