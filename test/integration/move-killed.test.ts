import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { embeddedFile } from '@leafcutter/coordinator/stores/sqlite/driver';
import { embedded, fillLedger } from '../support/embedded-file.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { dumpMysql, dumpSqlite, sqliteSchema } from '../support/moved-data.ts';
import { leafcutter } from '../support/process.ts';
import { whoServes } from '../support/who-serves.ts';

const ROWS = 10_000;
const TRIES = 3;
/** The lines that a move prints on its way: one for each tenth of the ledger, and one when the file is marked. */
const LINES = [...[1, 2, 4, 6, 8, 10].map((n) => new RegExp(`ledger: ${n}000 of`)), /marked as moved/];

let mariadb: MariadbServer;

beforeAll(async () => {
  mariadb = await startMariadb();
});
afterAll(() => mariadb?.dispose());

function start(dataDir: string, url: string) {
  const env = { LEAFCUTTER_MYSQL_URL: url, LEAFCUTTER_REDIS_URL: 'redis://127.0.0.1:1' };
  return leafcutter(['move', '--data-dir', dataDir], env);
}

async function toItsEnd(dataDir: string, url: string): Promise<string> {
  await using process = start(dataDir, url);
  const { code } = await process.exited;
  return `${code}: ${process.tail(1)}`;
}

/** Kills it a random moment after a random one of its lines; lets it end if that line does not come. */
async function killed(dataDir: string, url: string): Promise<string> {
  const line = LINES[Math.floor(Math.random() * LINES.length)] ?? /./;
  await using process = start(dataDir, url);
  const said = await process.waitForLine(line, 60_000).catch(() => undefined);
  if (said !== undefined) await sleep(Math.random() * 20);
  await process.kill();
  return process.tail(1);
}

/** It takes minutes; `move.test.ts` ends a move at each of its steps within one process. */
const inFull = process.env.LEAFCUTTER_FULL === '1' ? test : test.skip;

inFull('a move that is killed at any moment, and again, gives what an undisturbed one gives', async () => {
  const original = await embedded((source) => fillLedger(source, 'orders', ROWS));
  const schema = await sqliteSchema(original.file);
  const expected = await dumpSqlite(original.file, schema);
  const copyOf = async (name: string) => {
    const dataDir = join(dirname(original.dataDir), name);
    await mkdir(dataDir);
    await copyFile(original.file, embeddedFile(dataDir));
    return dataDir;
  };

  const calm = await mariadb.createDatabase();
  expect(await toItsEnd(await copyOf('undisturbed'), calm)).toMatch(/^0: Moved\./);
  expect(await dumpMysql(calm, schema)).toEqual(expected);

  const found: string[] = [];
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const dataDir = await copyOf(`try-${attempt}`);
    const url = await mariadb.createDatabase();
    const said = [await killed(dataDir, url), await killed(dataDir, url)];
    const { file, mysql } = await whoServes(embeddedFile(dataDir), url);
    found.push(`${said.join(' | ')} -> file ${file}, MySQL ${mysql}`);
    expect([found, [file, mysql]]).not.toEqual([found, ['serves', 'serves']]);
    expect(await toItsEnd(dataDir, url)).toMatch(/^0: (Moved\.|It has been moved already)/);
    expect(await dumpMysql(url, schema)).toEqual(expected);
    expect(await whoServes(embeddedFile(dataDir), url)).toEqual({ file: 'moved', mysql: 'serves' });
  }
  process.stderr.write(`${found.join('\n')}\n`);
});
