import { expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { createLogger } from '@leafcutter/shared/logger';
import { AgentObserver } from './observer.ts';

function observing() {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('debug', {}, { write: (line) => void lines.push(JSON.parse(line)) });
  const readings = {
    tags: () => [],
    lease: () => undefined,
    clockOffsetMs: () => undefined,
    certificateEndsAtMs: () => undefined,
    tokens: () => 0,
    dependencies: () => [],
    logLinesDropped: () => 0,
  };
  return { lines, observer: new AgentObserver(readings, log) };
}

test('refills that fail are told loudly once, and once that they succeed again', () => {
  const { lines, observer } = observing();
  const away = new LeafcutterError('STORE_UNAVAILABLE', 'Away.');
  for (let i = 0; i < 3; i++) observer.refillFailed('orders', away);
  for (let i = 0; i < 2; i++) observer.refilled('orders', { start: 1n, end: 11n }, 4.2);
  observer.refillFailed('orders', away);
  expect(lines.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
    'warn refills are failing; IDs come from memory until it runs out',
    'debug refill failed',
    'debug refill failed',
    'info refills are succeeding again',
    'debug segment fetched',
    'warn refills are failing; IDs come from memory until it runs out',
  ]);
  expect(lines[4]).toMatchObject({ tag: 'orders', from: '1', to: '11', durationMs: 4 });
});

test('lease calls that fail in a row are told loudly once', () => {
  const { lines, observer } = observing();
  const away = new LeafcutterError('COORDINATOR_UNAVAILABLE', 'Away.');
  for (let i = 0; i < 3; i++) observer.failed('renew', away);
  observer.heartbeat(4);
  observer.failed('renew', away);
  expect(lines.map(({ level }) => level)).toEqual(['warn', 'debug', 'debug', 'warn']);
});

test('a tag that does not exist is nobody’s alarm', () => {
  const { lines, observer } = observing();
  observer.refillFailed('nobody', new LeafcutterError('TAG_UNKNOWN', 'There is none.'));
  expect(lines).toMatchObject([{ level: 'debug', code: 'TAG_UNKNOWN' }]);
});
