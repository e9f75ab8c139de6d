import { describe, expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { settle } from '@leafcutter/shared/fake-clock';
import { rises } from '../../fakes/issuing.ts';
import { keeping } from '../../fakes/keeping.ts';
import { unavailable } from '../../fakes/samples.ts';
import { snowflakeDisabled } from './snowflakes.ts';

const PER_MS = 4_096;

/** Holds a lease; then the clock goes back so far that the next ID is `waitMs` away. */
async function behindBy(waitMs: number) {
  const kept = keeping();
  await kept.started();
  kept.clock.jump(10_000);
  kept.snowflakes.next();
  kept.clock.jump(-2_000 - waitMs);
  return kept;
}

describe('a request', () => {
  test('gets as many IDs as it wants, rising', async () => {
    const { snowflakes, started } = keeping();
    await started();
    const ids = await snowflakes.take(10_000);
    expect(ids).toHaveLength(10_000);
    expect(rises(ids)).toBe(true);
  });

  test('waits where the clock will have caught up before its deadline', async () => {
    const { snowflakes, clock } = await behindBy(1_500);
    const taking = snowflakes.take(3);
    await clock.advance(1_499);
    await clock.advance(1);
    expect(await taking).toHaveLength(3);
    expect(clock.pending).toBe(1);
  });

  test('is refused at once where the clock will not have caught up by then', async () => {
    const { snowflakes, clock } = await behindBy(2_001);
    await expect(snowflakes.take(1)).rejects.toMatchObject({ code: 'CLOCK_BACKWARDS', retryAfterMs: 2_001 });
    expect(clock.pending).toBe(1);
  });

  test('does not wait past its deadline by waiting again and again', async () => {
    const { snowflakes, clock } = await behindBy(1_500);
    const taking = snowflakes.take(1).catch((error) => error.code);
    await clock.advance(1_000);
    clock.jump(-1_000);
    await clock.advance(500);
    expect(await taking).toBe('CLOCK_BACKWARDS');
  });

  test('is refused where ten thousand wait for the clock already', async () => {
    const { snowflakes, clock } = await behindBy(1_500);
    const waiting = Array.from({ length: 10_000 }, () => snowflakes.take(1));
    await settle();
    await expect(snowflakes.take(1)).rejects.toMatchObject({ code: 'RATE_LIMITED', reason: 'queue_full' });
    // A little longer than they wait for: a millisecond has only 4,096 IDs.
    await clock.advance(1_510);
    expect(new Set((await Promise.all(waiting)).flat()).size).toBe(10_000);
    expect(await snowflakes.take(1)).toHaveLength(1);
  });

  test('whose caller hung up does not wait', async () => {
    const { snowflakes } = await behindBy(1_000);
    await expect(snowflakes.take(1, AbortSignal.abort())).rejects.toMatchObject({ code: 'CLOCK_BACKWARDS' });
  });

  test('for more than the clock allows is paced by it, and loses no capacity', async () => {
    const { snowflakes, started, clock } = keeping(() => 0, 2);
    await started();
    const full = await snowflakes.take(3 * PER_MS - 5);
    const paced = snowflakes.take(10);
    await settle();
    await clock.advance(1);
    expect(rises([full.at(-1) ?? 0n, ...(await paced)])).toBe(true);
  });

  test('that meets the end of the window nudges the keeper, and the next one is served', async () => {
    const { snowflakes, started, clock, source } = keeping();
    await started();
    await clock.advance(5_000);
    clock.jump(600_000);
    await expect(snowflakes.take(1)).rejects.toMatchObject({ code: 'LEASE_LOST', reason: 'window_used_up' });
    await settle();
    expect(source.count('extend 0')).toBe(1);
    expect(await snowflakes.take(1)).toHaveLength(1);
  });
});

describe('a request for which there is no lease', () => {
  test.each(['MACHINE_IDS_EXHAUSTED', 'CLOCK_SKEWED', 'COORDINATOR_UNAVAILABLE'] as const)(
    'is told what keeps the agent from one: %s',
    async (code) => {
      const { snowflakes, source, started } = keeping();
      expect(() => snowflakes.next()).toThrow(expect.objectContaining({ code: 'LEASE_LOST' }));
      source.grants = new LeafcutterError(code, 'No.');
      await started();
      expect(() => snowflakes.next()).toThrow(expect.objectContaining({ code }));
    },
  );

  test('any more, because the window is over, hears of that and not of a coordinator that was away', async () => {
    const { snowflakes, source, started, clock } = keeping();
    await started();
    source.renewals = unavailable();
    source.grants = unavailable();
    await clock.advance(600_000);
    expect(() => snowflakes.next()).toThrow(expect.objectContaining({ code: 'LEASE_LOST' }));
  });
});

test('where the mode is off, the answer says so', () => {
  expect(snowflakeDisabled()).toMatchObject({ code: 'NOT_FOUND', reason: 'disabled' });
});
