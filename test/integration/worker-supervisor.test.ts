import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { MAX_UNANSWERED, Supervisor } from '@leafcutter/cli/workers/supervisor';
import { createLogger } from '@leafcutter/shared/logger';
import { poll } from '../support/poll.ts';
import { scratchDir } from '../support/scratch-dir.ts';

/** Long enough for a process of a busy machine to answer in. */
const BEAT_MS = 200;

/**
 * A worker that only sends beats back. It notes each of them with its process, and, when it begins, whether the one before
 * it in its place is still there. SIGUSR2 blocks its event loop for good.
 */
const WORKER = `
  const { appendFileSync, readFileSync } = require('node:fs');
  const file = process.env.NOTES + '-' + process.env.LEAFCUTTER_WORKER;
  const note = (what) => appendFileSync(file, what + ' ' + process.pid + '\\n');
  let before;
  try {
    before = /^begins (\\d+)/m.exec(readFileSync(file, 'utf8'));
    process.kill(Number(before[1]), 0);
    note('meets');
  } catch {}
  process.on('SIGUSR2', () => { for (;;); });
  process.on('message', (message) => { note('beat'); process.send(message); });
  process.on('disconnect', () => process.exit());
  process.on('SIGTERM', () => process.exit());
  note('begins');
  process.send('listening');
`;

let notes: string;
let lines: string[];
let supervisor: Supervisor;

beforeEach(async () => {
  notes = join(await scratchDir('supervisor'), 'notes');
  lines = [];
  supervisor = await Supervisor.start({
    commandLine: [process.execPath, '--eval', WORKER],
    cwd: '/',
    env: { NOTES: notes },
    workers: 2,
    stopWithinMs: 0,
    beatMs: BEAT_MS,
    log: createLogger('info', {}, { write: (line) => void lines.push(line) }),
  });
});
afterEach(() => supervisor.stop());

/** What the worker in this place, or those after it, noted: the processes, in order. */
function noted(what: 'begins' | 'beat' | 'meets', place: number): number[] {
  const text = readFileSync(`${notes}-${place}`, 'utf8');
  return [...text.matchAll(new RegExp(`^${what} (\\d+)`, 'gm'))].map(([, pid]) => Number(pid));
}

const untilReplaced = () => poll(() => noted('begins', 1).length === 2);
const said = (text: string) => lines.filter((line) => line.includes(text)).length;

test('a worker whose event loop is blocked is killed and replaced, and no other one is', async () => {
  const [blocked = -1] = noted('begins', 1);
  process.kill(blocked, 'SIGUSR2');
  expect(await untilReplaced()).toBe(true);
  expect([said('stands still'), noted('begins', 2).length]).toEqual([1, 1]);
  expect(() => process.kill(blocked, 0)).toThrow();
});

test('a worker that wakes before too many beats are unanswered stays', async () => {
  const [worker = -1] = noted('begins', 1);
  process.kill(worker, 'SIGSTOP');
  const beatsOfOther = noted('beat', 2).length;
  // One, because this process may look a few beats later.
  expect(await poll(() => noted('beat', 2).length > beatsOfOther)).toBe(true);
  process.kill(worker, 'SIGCONT');
  const beats = noted('beat', 1).length;
  expect(await poll(() => noted('beat', 1).length > beats + 2 * MAX_UNANSWERED)).toBe(true);
  expect([noted('begins', 1), said('stands still')]).toEqual([[worker], 0]);
});

test('a worker that wakes in the moment in which it is given up is gone before another takes its place', async () => {
  const [stopped = -1] = noted('begins', 1);
  process.kill(stopped, 'SIGSTOP');
  expect(await poll(() => said('stands still') === 1, undefined, 1)).toBe(true);
  try {
    process.kill(stopped, 'SIGCONT');
  } catch {
    // It was gone already.
  }
  expect(await untilReplaced()).toBe(true);
  expect(noted('meets', 1)).toEqual([]);
  const [, next = -1] = noted('begins', 1);
  // What the old one left unanswered is not held against it.
  expect(await poll(() => noted('beat', 1).filter((pid) => pid === next).length > 2 * MAX_UNANSWERED)).toBe(
    true,
  );
  expect(said('stands still')).toBe(1);
});
