import { expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { RedisWatch } from './watch.ts';

const TIMEOUT_MS = 300;
type Behaviour = 'answers' | 'refuses' | 'hangs';

function watching() {
  const clock = new FakeClock();
  const changes: boolean[] = [];
  const redis = { behaviour: 'answers' as Behaviour, reconnects: 0, probes: 0 };
  const watch = new RedisWatch({
    clock,
    timeoutMs: TIMEOUT_MS,
    onChange: (up) => changes.push(up),
    reconnect: () => {
      redis.reconnects += 1;
    },
    async probe() {
      redis.probes += 1;
      if (redis.behaviour === 'refuses') throw new Error('connection refused');
      if (redis.behaviour === 'hangs') {
        await new Promise((_resolve, reject) =>
          clock.after(TIMEOUT_MS, () => reject(new Error('timed out'))),
        );
      }
    },
  });
  return { clock, watch, redis, changes };
}

test.each(['refuses', 'hangs'] as const)(
  'a Redis that %s for 1.5 seconds is away, and up with its first answer',
  async (behaviour) => {
    const { clock, watch, redis, changes } = watching();
    redis.behaviour = behaviour;
    await clock.advance(1_400);
    expect(watch.up).toBe(true);
    await clock.advance(1_200);
    expect(watch.up).toBe(false);
    redis.behaviour = 'answers';
    await clock.advance(1_000);
    expect(watch.up).toBe(true);
    expect(changes).toEqual([false, true]);
  },
);

test('a connection that breaks for a second does not make Redis away', async () => {
  const { clock, watch, redis, changes } = watching();
  redis.behaviour = 'refuses';
  await clock.advance(1_000);
  redis.behaviour = 'answers';
  await clock.advance(10_000);
  expect(watch.up).toBe(true);
  expect(changes).toEqual([]);
});

test('an answer to any command counts, not only to probes', async () => {
  const { clock, watch, redis } = watching();
  redis.behaviour = 'refuses';
  for (let second = 0; second < 10; second++) {
    await clock.advance(1_000);
    watch.heard();
  }
  expect(watch.up).toBe(true);
});

test('a connection that swallows everything is replaced after two probes', async () => {
  const { clock, redis } = watching();
  redis.behaviour = 'hangs';
  await clock.advance(1_150);
  expect(redis.reconnects).toBe(1);
});

test('what timed out while this process stood still says nothing about Redis', async () => {
  const { clock, watch, redis } = watching();
  // Each time the process runs, it finds that its timers are a minute late, as after SIGSTOP.
  redis.behaviour = 'hangs';
  const stalled = new StalledClock(clock);
  const late = new RedisWatch({
    clock: stalled,
    timeoutMs: TIMEOUT_MS,
    onChange: () => undefined,
    reconnect: () => undefined,
    probe: () => Promise.reject(new Error('timed out')),
  });
  await clock.advance(20_000);
  expect(late.up).toBe(true);
  // The control: the same failures, seen by a process that ran all the time.
  expect(watch.up).toBe(false);
});

test('stops probing when told to', async () => {
  const { clock, watch } = watching();
  watch.stop();
  await clock.advance(10_000);
  expect(clock.pending).toBe(0);
});

/** Its timers fire late: time passes unseen between a timer falling due and its work. */
class StalledClock extends FakeClock {
  readonly #base: FakeClock;
  #stallMs = 0;

  constructor(base: FakeClock) {
    super();
    this.#base = base;
  }

  override monotonic(): number {
    return this.#base.monotonic() + this.#stallMs;
  }

  override after(delayMs: number, work: () => void) {
    return this.#base.after(delayMs, () => {
      this.#stallMs += 60_000;
      work();
    });
  }
}
