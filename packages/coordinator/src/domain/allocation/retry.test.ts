import { describe, expect, test } from '@jest/globals';
import { sleep } from '@leafcutter/shared/clock';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { MAX_ATTEMPTS, retrying } from './retry.ts';
import { RETRY_REASONS } from './store.ts';

const failure = (reason: string | undefined) =>
  new LeafcutterError('STORE_UNAVAILABLE', 'no', reason === undefined ? {} : { reason });

/** Runs work that fails with `errors` in turn and then answers 'done'. */
async function attempt(errors: unknown[], deadlineMs = 60_000, perAttemptMs = 0) {
  const clock = new FakeClock();
  let attempts = 0;
  const outcome = retrying({ clock, random: Math.random }, clock.monotonic() + deadlineMs, async () => {
    await sleep(clock, perAttemptMs);
    const error = errors[attempts++];
    if (error !== undefined) throw error;
    return 'done';
  }).catch((error: unknown) => error);
  await clock.advance(10_000);
  return { outcome: await outcome, attempts, pending: clock.pending };
}

describe('a transaction is run again', () => {
  test.each(Object.values(RETRY_REASONS))('after %s', async (reason) => {
    expect(await attempt([failure(reason), failure(reason)])).toEqual({
      outcome: 'done',
      attempts: 3,
      pending: 0,
    });
  });

  test.each([
    ['a store that cannot be reached', failure('unreachable')],
    ['a store that gives no reason', failure(undefined)],
    [
      'an error of another code',
      new LeafcutterError('TAG_RETIRED', 'no', { reason: RETRY_REASONS.deadlock }),
    ],
    ['a defect', new TypeError('no')],
  ])('not after %s', async (_name, error) => {
    expect(await attempt([error])).toEqual({ outcome: error, attempts: 1, pending: 0 });
  });

  test('six times at most', async () => {
    const error = failure(RETRY_REASONS.deadlock);
    expect(await attempt(new Array(20).fill(error))).toEqual({
      outcome: error,
      attempts: MAX_ATTEMPTS,
      pending: 0,
    });
  });

  test('never after the deadline', async () => {
    const error = failure(RETRY_REASONS.commitUnclear);
    expect(await attempt(new Array(20).fill(error), 100, 100)).toEqual({
      outcome: error,
      attempts: 1,
      pending: 0,
    });
  });
});
