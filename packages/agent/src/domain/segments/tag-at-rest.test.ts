import { describe, expect, test } from '@jest/globals';
import { settle } from '@leafcutter/shared/fake-clock';
import { idsOf, issuing, outcome, watch } from '../../fakes/issuing.ts';
import { unavailable } from '../../fakes/samples.ts';

const MINUTE_MS = 60_000;

/** An issuer that is ticked once a second, as `Tags` does. */
function ticking() {
  const all = issuing();
  const issuer = all.newIssuer();
  return {
    ...all,
    issuer,
    async pass(ms: number): Promise<void> {
      for (let passed = 0; passed < ms; passed += 1_000) {
        await all.clock.advance(1_000);
        issuer.tick(all.clock.monotonic());
      }
    },
  };
}

describe('a tag that nobody used for a minute', () => {
  test('is at rest until somebody draws from it', async () => {
    const { issuer, pass } = ticking();
    await issuer.take(1);
    await pass(MINUTE_MS - 1_000);
    expect(issuer.isAtRest).toBe(false);
    await pass(2_000);
    expect(issuer.isAtRest).toBe(true);
    expect(issuer.status()).toMatchObject({ remaining: 99, refill: 'idle', waiting: 0, ratePerSecond: 0 });
    expect(issuer.isAtRest).toBe(true);
    expect(issuer.takeOne()).toBe(2n);
    expect(issuer.isAtRest).toBe(false);
  });

  test('goes on where it stood, and refuses a segment below', async () => {
    const { issuer, source, pass, events } = ticking();
    const before = idsOf(await issuer.take(60));
    await pass(2 * MINUTE_MS);
    source.counter = 50n;
    expect(issuer.isAtRest).toBe(true);
    const after = idsOf(await issuer.take(140));
    expect([...before, ...after]).toEqual(Array.from({ length: 200 }, (_, index) => BigInt(index + 1)));
    await settle();
    expect(events.discards).toEqual(['100 below_highest']);
  });

  test('does not report what it issued before as its rate', async () => {
    const { issuer, source, pass } = ticking();
    source.size = 100_000;
    for (let drawn = 0; drawn < 9; drawn++) await issuer.take(10_000);
    await pass(2 * MINUTE_MS);
    expect(issuer.isAtRest).toBe(true);
    for (let drawn = 0; drawn < 2; drawn++) await issuer.take(10_000);
    await settle();
    // 20,000 in what counts as a quarter of a second.
    expect(source.demands.at(-1)?.ratePerSecond).toBe(80_000);
  });

  test('is not at rest while callers wait', async () => {
    const { clock, source, newIssuer } = issuing({ waitMs: 3 * MINUTE_MS });
    const issuer = newIssuer();
    source.mode = 'held';
    const taking = watch(issuer.take(1));
    await clock.advance(2 * MINUTE_MS);
    issuer.tick(clock.monotonic());
    expect(issuer.isAtRest).toBe(false);
    source.release();
    await settle();
    expect(taking.result).toEqual([1n]);
  });

  test('is not at rest while a refill is to be tried again', async () => {
    const { issuer, source, pass } = ticking();
    await issuer.take(1);
    source.mode = unavailable();
    expect(await outcome(issuer.take(9))).toEqual([2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n]);
    await pass(2 * MINUTE_MS);
    expect(issuer.isAtRest).toBe(false);
    expect(issuer.status().lastError).toBe('COORDINATOR_UNAVAILABLE');
    source.mode = 'now';
    await pass(2 * MINUTE_MS);
    expect(issuer.isAtRest).toBe(true);
  });

  test('fetches nothing once it is closed', async () => {
    const { issuer, source, pass } = ticking();
    await issuer.take(1);
    await pass(2 * MINUTE_MS);
    issuer.close(unavailable());
    const { asks } = source;
    await pass(2 * MINUTE_MS);
    await outcome(issuer.take(99));
    await settle();
    expect(source.asks).toBe(asks);
  });
});
