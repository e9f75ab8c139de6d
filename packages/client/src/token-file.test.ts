import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { TokenFile } from './token-file.ts';

const path = join(mkdtempSync(join(tmpdir(), 'leafcutter-client-')), 'token');

test('a token is read from its file, and again after ten seconds', async () => {
  let now = 0;
  const file = new TokenFile(path, () => now);
  await expect(file.current()).rejects.toMatchObject({ code: 'BAD_REQUEST', reason: 'tokenFile' });
  writeFileSync(path, ' first\n');
  expect(await file.current()).toBe('first');
  writeFileSync(path, 'second\n');
  now = 9_999;
  expect(await file.current()).toBe('first');
  now = 10_000;
  expect(await file.current()).toBe('second');
});

test.each([
  ['is gone', () => rmSync(path)],
  ['is empty', () => writeFileSync(path, '\n')],
  ['holds two', () => writeFileSync(path, 'a b')],
])('a file that %s for a moment changes nothing', async (_, spoil) => {
  writeFileSync(path, 'mine');
  let now = 0;
  const file = new TokenFile(path, () => now);
  await file.current();
  spoil();
  now = 20_000;
  expect(await file.current()).toBe('mine');
});
