import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { loadConfig } from './config/load-config.ts';
import { settings } from './config/settings.ts';
import { readSmallFile } from './read-small-file.ts';
import { readTlsFiles } from './tls/tls-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'read-small-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const MIB = 1_048_576;
const pipe = join(folder, 'pipe');
spawnSync('mkfifo', [pipe]);

test.each([
  ['', 'empty'],
  ['Grüße\n', 'text'],
  ['x'.repeat(MIB), 'as large as may be'],
])('reads a file that is %#', (content, name) => {
  expect(readSmallFile(file(name, content))).toBe(content);
});

test('reads a secret as Kubernetes mounts it: a link to a link to a file', () => {
  file('data', 'secret');
  symlinkSync('data', join(folder, '..data'));
  symlinkSync('..data', join(folder, 'token'));
  expect(readSmallFile(join(folder, 'token'))).toBe('secret');
});

test('reads a file that says it has no bytes, and has some', () => {
  expect(readSmallFile('/proc/self/status')).toContain('Pid:');
});

describe('is refused, and not waited for', () => {
  test.each([
    ['a pipe into which nobody writes', pipe, 'it is not a regular file'],
    ['a device that never ends', '/dev/zero', 'it is not a regular file'],
    ['a folder', folder, 'it is not a regular file'],
    ['a file past 1 MiB', file('large', 'x'.repeat(MIB + 1)), 'it is larger than 1 MiB'],
  ])('%s', (_what, path, why) => {
    expect(() => readSmallFile(path)).toThrow(why);
    expect(() => readTlsFiles('tls', { keyFile: path })).toThrow(
      `tls.keyFile: ${path} cannot be used: ${why}`,
    );
    const given = { argv: [`--config=${path}`], env: {}, cwd: folder, service: 'agent' } as const;
    expect(() => loadConfig(settings({}), given)).toThrow(`the file cannot be read (${why})`);
  });

  test('a file that is not there', () => {
    expect(() => readSmallFile(join(folder, 'nobody'))).toThrow('ENOENT');
  });
});
