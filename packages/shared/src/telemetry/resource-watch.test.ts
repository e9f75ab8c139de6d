import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FakeClock } from '../clock/fake-clock.ts';
import { Health } from './health.ts';
import type { Logger } from './logger.ts';
import { ResourceWatch } from './resource-watch.ts';

const MIB = 1_048_576;

let clock: FakeClock;
let health: Health;
let lines: string[];
let watch: ResourceWatch;
/** The error that opening a file meets. */
let refusal: NodeJS.ErrnoException | undefined;
let usedMib: number;

beforeEach(async () => {
  clock = new FakeClock();
  lines = [];
  const say = (_: object, text: string) => lines.push(text);
  health = new Health(clock, { info: say, warn: say } as unknown as Logger);
  refusal = undefined;
  usedMib = 100;
  watch = new ResourceWatch(health, clock, {
    async openFile() {
      if (refusal !== undefined) throw refusal;
    },
    memory: () => [{ name: 'container', used: usedMib * MIB, limit: 256 * MIB }],
  });
  await watch.start();
});
afterEach(() => watch.stop());

const stateOf = (name: string) => health.dependencies.find((dependency) => dependency.name === name)?.state;

test('files that are used up are told once, in the words of the system, and that there are some again', async () => {
  expect(health.dependencies).toEqual([]);
  refusal = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  await clock.advance(15_000);
  expect(stateOf('files')).toBe('used_up');
  refusal = undefined;
  await clock.advance(5_000);
  expect(stateOf('files')).toBe('enough');
  expect(lines).toEqual(['files: used_up: EMFILE: too many open files', 'files: enough again']);
});

test('a file that cannot be opened for another reason says nothing about how many are left', async () => {
  refusal = Object.assign(new Error('EACCES'), { code: 'EACCES' });
  await clock.advance(5_000);
  expect(health.dependencies).toEqual([]);
});

test('memory that is nearly used up is told, with how much there is', async () => {
  usedMib = 240;
  await clock.advance(5_000);
  expect(stateOf('memory')).toBe('scarce');
  expect(lines).toEqual(['memory: scarce: container: 240 of 256 MiB are in use']);
  usedMib = 200;
  await clock.advance(5_000);
  expect(stateOf('memory')).toBe('enough');
});

test('what the system gives this very process is enough', async () => {
  const own = new ResourceWatch(health, clock);
  await own.start();
  own.stop();
  expect(health.dependencies).toEqual([]);
});
