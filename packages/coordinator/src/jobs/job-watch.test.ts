import { expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { MemoryJobJournal } from '../stores/memory/job-journal.ts';
import { JobWatch } from './job-watch.ts';

const MINUTE = 60_000;

function watching() {
  const clock = new FakeClock();
  const journal = new MemoryJobJournal();
  const told: string[] = [];
  const watch = new JobWatch({
    jobs: [{ name: 'sweep', everyMs: MINUTE, run: async () => undefined }],
    journal,
    clock,
    events: {
      jobLate: ({ job, silentMs }) => void told.push(`${job} late after ${silentMs / 1_000} s`),
      jobInTime: (job) => void told.push(`${job} in time`),
    },
  });
  const run = () =>
    journal.note({
      job: 'sweep',
      coordinatorId: 'other',
      endedAtMs: clock.now(),
      durationMs: 1,
      error: null,
    });
  return { clock, journal, watch, told, run };
}

test('a job that runs in time is no news, whatever the wall clock does', async () => {
  const { clock, told, run, watch } = watching();
  watch.start();
  for (let turn = 0; turn < 10; turn++) {
    clock.jump(turn % 2 === 0 ? 60 * MINUTE : -60 * MINUTE);
    await run();
    await clock.advance(MINUTE);
  }
  expect([told, watch.late]).toEqual([[], []]);
});

test('one that nobody runs is late once its interval and a minute are over, told once, and in time when it has run', async () => {
  const { clock, told, run, watch } = watching();
  watch.start();
  await clock.advance(2 * MINUTE);
  expect(told).toEqual([]);
  await clock.advance(10 * MINUTE);
  expect(told).toEqual(['sweep late after 180 s']);
  expect(watch.late).toEqual([{ job: 'sweep', everyMs: MINUTE, silentMs: 12 * MINUTE }]);
  await run();
  await clock.advance(MINUTE);
  expect(told).toEqual(['sweep late after 180 s', 'sweep in time']);
  expect(watch.late).toEqual([]);
});

test('its first run ever counts', async () => {
  const { clock, told, run, watch } = watching();
  watch.start();
  await clock.advance(MINUTE);
  await run();
  await clock.advance(2.5 * MINUTE);
  expect(told).toEqual([]);
});

test('a run of before the start does not count as one now', async () => {
  const { clock, told, run, watch } = watching();
  await run();
  watch.start();
  await clock.advance(3 * MINUTE);
  expect(told).toHaveLength(1);
});

test('a journal that cannot be read shows no run', async () => {
  const { clock, journal, told, run, watch } = watching();
  watch.start();
  await run();
  journal.read = () => Promise.reject(new Error('away'));
  await clock.advance(10 * MINUTE);
  expect(told).toEqual(['sweep late after 180 s']);
});

test('stopped, it looks no more', async () => {
  const { clock, watch } = watching();
  watch.start();
  await clock.advance(MINUTE);
  watch.stop();
  expect(clock.pending).toBe(0);
});
