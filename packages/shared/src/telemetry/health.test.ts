import { expect, test } from '@jest/globals';
import { FakeClock } from '../clock/fake-clock.ts';
import { Health } from './health.ts';
import type { Logger } from './logger.ts';

const UP = { state: 'up', ok: true, reason: null, words: null };
const down = (words: string | null) => ({ state: 'down', ok: false, reason: 'redis', words });

function healthOf() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const say = (level: string) => (_: object, text: string) => lines.push(`${level} ${text}`);
  const log = { info: say('info'), warn: say('warn') } as unknown as Logger;
  return { clock, lines, health: new Health(clock, log) };
}

test('a dependency has a state since a moment, a reason, and words for those who may look', async () => {
  const { clock, health } = healthOf();
  const begun = clock.now();
  expect(health.dependencies).toEqual([]);
  health.note('redis', UP);
  await clock.advance(1_000);
  health.note('redis', UP);
  expect(health.dependencies).toEqual([{ name: 'redis', ...UP, sinceMs: begun }]);

  health.note('redis', down('connect ECONNREFUSED'));
  await clock.advance(1_000);
  health.note('redis', down('LOADING'));
  const known = { name: 'redis', state: 'down', ok: false, sinceMs: begun + 1_000, reason: 'redis' };
  expect(health.dependencies).toEqual([{ ...known, words: 'LOADING' }]);
  expect(health.withoutWords).toEqual([known]);
});

test('a change is told once, of the state as of the words', () => {
  const { health, lines } = healthOf();
  for (const words of ['refused', 'refused', 'LOADING', null]) health.note('redis', down(words));
  for (let look = 0; look < 3; look++) health.note('redis', UP);
  expect(lines).toEqual(['warn redis: down: refused', 'warn redis: down: LOADING', 'info redis: up again']);
});

test('one that is well from the start is not told', () => {
  const { health, lines } = healthOf();
  health.note('redis', UP);
  expect(lines).toEqual([]);
});

test('one that fails every other call is told once in a minute', async () => {
  const { clock, health, lines } = healthOf();
  const flap = () => {
    for (let call = 0; call < 100; call++) {
      health.note('store', down('full'));
      health.note('store', UP);
    }
  };
  flap();
  expect(lines).toEqual(['warn store: down: full', 'info store: up again']);
  await clock.advance(60_000);
  flap();
  expect(lines).toHaveLength(4);
});

test('words that are others with each call are told ten times in a minute', () => {
  const { health, lines } = healthOf();
  for (let call = 0; call < 100; call++) health.note('store', down(`table ${call} is full`));
  expect(lines).toHaveLength(10);
});
