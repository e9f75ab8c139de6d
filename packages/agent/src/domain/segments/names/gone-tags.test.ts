import { expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { GoneTags } from './gone-tags.ts';

const unknown = new LeafcutterError('TAG_UNKNOWN', 'No such tag.');
const retired = new LeafcutterError('TAG_RETIRED', 'Retired.');

function remembering() {
  const clock = new FakeClock();
  return { clock, gone: new GoneTags(clock) };
}

test('what a coordinator said is remembered for two seconds', async () => {
  const { clock, gone } = remembering();
  gone.told('a', unknown);
  await clock.advance(1_000);
  gone.told('b', retired);
  await clock.advance(999);
  expect([gone.find('a'), gone.find('b'), gone.find('c')]).toEqual([unknown, retired, undefined]);
  await clock.advance(1);
  expect([gone.find('a'), gone.find('b')]).toEqual([undefined, retired]);
});

test('that a tag may come by itself is not remembered', () => {
  const { gone } = remembering();
  for (const code of [
    'COORDINATOR_UNAVAILABLE',
    'STORE_UNAVAILABLE',
    'RATE_LIMITED',
    'TAG_EXHAUSTED',
  ] as const)
    gone.told('a', new LeafcutterError(code, 'Later.'));
  expect(gone.count).toBe(0);
});

test('10,000 names are remembered: of more, the oldest is forgotten', () => {
  const { gone } = remembering();
  for (let n = 0; n < 10_500; n++) gone.told(`nobody-${n}`, unknown);
  expect(gone.count).toBe(10_000);
  expect([gone.find('nobody-499'), gone.find('nobody-500')]).toEqual([undefined, unknown]);
});

test('a name that is told again counts from then on', async () => {
  const { clock, gone } = remembering();
  gone.told('a', unknown);
  gone.told('b', unknown);
  await clock.advance(1_500);
  gone.told('a', retired);
  await clock.advance(1_000);
  gone.tick(clock.monotonic());
  expect([gone.find('a'), gone.find('b'), gone.count]).toEqual([retired, undefined, 1]);
});
