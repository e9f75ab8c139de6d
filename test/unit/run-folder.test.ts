import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { endDeadRuns, endRun, isOwnerAlive, isRunFolder, openRun } from '../../scripts/run-folder.mjs';
import { scratchDir } from '../support/scratch-dir.ts';

/** Process ids end far below this number. */
const DEAD = 'leafcutter-test-run-2147483647-1';

let parent: string;

beforeEach(async () => {
  parent = await scratchDir('runs');
});

function folder(name: string): string {
  const path = join(parent, name);
  mkdirSync(join(path, 'mariadb-x7'), { recursive: true });
  writeFileSync(join(path, 'mariadb-x7', 'data'), 'data');
  return path;
}

/** A process that does nothing, in a session of its own, with that folder for its temporary files. */
async function idler(tmpdir: string) {
  const child = spawn('sleep', ['60'], { env: { PATH: process.env.PATH, TMPDIR: tmpdir }, detached: true });
  await once(child, 'spawn');
  const gone = once(child, 'exit').then(([, signal]) => String(signal));
  return { child, gone };
}

describe('the next run', () => {
  test('removes what a run left whose owner is gone, and nothing else', async () => {
    const ours = openRun(parent);
    const [, pid, start] = /(\d+)-(\d+)$/.exec(ours) ?? [];
    const others = ['elsewhere', 'leafcutter-test-run-2147483647-sqlite-x7', `${DEAD}-x`, `my-${DEAD}`];
    for (const name of others) folder(name);
    folder(DEAD);
    // The id is in use again, by a process that started at another time.
    const reused = basename(folder(`leafcutter-test-run-${pid}-${Number(start) + 1}`));
    expect((await endDeadRuns(parent)).sort()).toEqual([DEAD, reused].sort());
    expect(readdirSync(parent).sort()).toEqual([...others, basename(ours)].sort());
  });

  test('kills the processes of a run whose owner is gone, and those of no other run', async () => {
    const [ours, dead] = [openRun(parent), folder(DEAD)];
    const left = await Promise.all([idler(dead), idler(join(dead, 'mariadb-x7'))]);
    const stay = await Promise.all([idler(ours), idler(`${dead}1`)]);
    await endDeadRuns(parent);
    expect(await Promise.all(left.map(({ gone }) => gone))).toEqual(['SIGKILL', 'SIGKILL']);
    for (const { child, gone } of stay) {
      expect([child.exitCode, child.signalCode]).toEqual([null, null]);
      child.kill('SIGTERM');
      expect(await gone).toBe('SIGTERM');
    }
  });
});

test('a run that ends takes its folder along, and may end twice', async () => {
  const ours = openRun(parent);
  expect([isRunFolder(ours), isOwnerAlive(basename(ours))]).toEqual([true, true]);
  folder(basename(ours));
  await endRun(ours);
  await endRun(ours);
  expect(readdirSync(parent)).toEqual([]);
});

test('the owner of a run is gone once it was killed, also while nobody has asked for its exit code', async () => {
  const script = `import(${JSON.stringify(new URL('../../scripts/run-folder.mjs', import.meta.url).href)})
    .then(({ openRun }) => { console.log(openRun(${JSON.stringify(parent)})); setInterval(() => {}, 1000); })`;
  const owner = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(owner.stdout.setEncoding('utf8'), 'data');
  const name = basename(String(line).trim());
  expect(isOwnerAlive(name)).toBe(true);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  expect(isOwnerAlive(name)).toBe(false);
  expect(await endDeadRuns(parent)).toEqual([name]);
});
