import { expect, test } from '@jest/globals';
import { FakeClock, settle } from '@leafcutter/shared/fake-clock';
import { timerScheduler } from './timer-scheduler.ts';

const MINUTE = 60_000;

/** A job that fails as often as told, and notes when it ran. */
function job(failures = 0, everyMs = MINUTE) {
  const clock = new FakeClock();
  const ranAt: number[] = [];
  const begun = clock.monotonic();
  const run = async () => {
    ranAt.push(clock.monotonic() - begun);
    if (ranAt.length <= failures) throw new Error('no');
  };
  return { clock, ranAt, scheduler: timerScheduler([{ name: 'job', everyMs, run }], clock) };
}

async function advance(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    await clock.advance(1_000);
    await settle();
  }
}

test('a job runs at its turns', async () => {
  const { clock, ranAt } = job();
  await advance(clock, 3 * MINUTE);
  expect(ranAt).toEqual([MINUTE, 2 * MINUTE, 3 * MINUTE]);
});

test('one that fails is tried twice more, and then at its next turn', async () => {
  const { clock, ranAt } = job(3);
  await advance(clock, 3 * MINUTE);
  expect(ranAt).toEqual([60_000, 65_000, 75_000, 135_000]);
});

test('one that fails and comes every second is not tried out of turn', async () => {
  const { clock, ranAt } = job(3, 1_000);
  await advance(clock, 4_000);
  expect(ranAt).toEqual([1_000, 2_000, 3_000, 4_000]);
});

test('stopped, it waits for what runs and runs nothing more', async () => {
  const { clock, ranAt, scheduler } = job();
  await advance(clock, MINUTE);
  await scheduler.stop();
  await advance(clock, 2 * MINUTE);
  expect(ranAt).toHaveLength(1);
  expect(clock.pending).toBe(0);
});
