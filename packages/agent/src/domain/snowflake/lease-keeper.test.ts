import { describe, expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { settle } from '@leafcutter/shared/fake-clock';
import { keeping, lost } from '../../fakes/keeping.ts';
import { unavailable } from '../../fakes/samples.ts';

const HEARTBEAT_MS = 15_000;
const redisAway = new LeafcutterError('STORE_UNAVAILABLE', 'Redis is away.', { reason: 'redis' });

describe('a keeper without a lease', () => {
  test('asks at once, holds what it is granted, and then sends a heartbeat every interval', async () => {
    const { source, keeper, started, clock, tryNext, events } = keeping();
    expect(tryNext()).toBe('LEASE_LOST');
    await started();
    expect(keeper.state).toBe('holding');
    expect(tryNext()).toBe('issued');
    await clock.advance(3 * HEARTBEAT_MS);
    expect(source.calls).toEqual(['grant', 'renew 0', 'renew 0', 'renew 0']);
    expect(events.heartbeats).toBe(3);
    expect(clock.pending).toBe(1);
  });

  test.each(['COORDINATOR_UNAVAILABLE', 'MACHINE_IDS_EXHAUSTED', 'CLOCK_SKEWED', 'LAYOUT_MISMATCH'] as const)(
    'keeps asking through %s, with growing waits up to 5 s, and says why',
    async (code) => {
      const { source, keeper, started, clock } = keeping(() => 1);
      source.grants = new LeafcutterError(code, 'No.');
      await started();
      await clock.advance(400 + 800 + 1_600 + 3_200);
      expect(source.count('grant')).toBe(5);
      await clock.advance(5 * 5_000);
      expect(source.count('grant')).toBe(10);
      expect(keeper).toMatchObject({ state: 'asking', lastError: code });
      source.grants = 'now';
      await clock.advance(5_000);
      expect(keeper.state).toBe('holding');
      expect(keeper.lastError).toBeUndefined();
    },
  );

  test('draws its waits at random', async () => {
    const [low, high] = [keeping(() => 0), keeping(() => 1)];
    for (const { source, started, clock } of [low, high]) {
      source.grants = unavailable();
      await started();
      await clock.advance(390);
    }
    expect(low.source.count('grant')).toBeGreaterThan(high.source.count('grant'));
  });

  test('asks once at a time, however slow the answer', async () => {
    const { source, keeper, started, clock } = keeping();
    source.grants = 'held';
    await started();
    keeper.nudge();
    await clock.advance(60_000);
    expect(source.calls).toEqual(['grant']);
    expect(clock.pending).toBe(0);
  });

  test('issues nothing from a grant that arrives after its window is over, and has it extended', async () => {
    const { source, keeper, started, clock, tryNext } = keeping();
    source.grants = 'held';
    await started();
    const granted = source.nextLease();
    await clock.advance(source.windowMs + 1);
    source.heldGrants[0]?.answer(granted);
    await settle();
    expect(keeper.state).toBe('holding');
    expect(tryNext()).toBe('LEASE_LOST');
    await clock.advance(HEARTBEAT_MS);
    expect(source.calls).toEqual(['grant', 'extend 0']);
    expect(tryNext()).toBe('issued');
  });

  test('refuses a lease that its layout has no bits for, and asks again', async () => {
    const { source, keeper, started, clock, tryNext, events } = keeping();
    source.nextMachineId = 1_024;
    await started();
    expect(events.leaseErrors).toEqual(['grant LAYOUT_MISMATCH']);
    expect(tryNext()).toBe('LEASE_LOST');
    source.nextMachineId = 7;
    await clock.advance(5_000);
    expect(keeper.state).toBe('holding');
  });
});

describe('a keeper that holds a lease', () => {
  test('extends the window when less than a minute is left', async () => {
    const { source, started, clock, events, generator } = keeping();
    await started();
    const before = generator.lease?.to ?? 0;
    await clock.advance(5 * HEARTBEAT_MS);
    expect(source.calls).toEqual(['grant', ...Array(4).fill('renew 0'), 'extend 0']);
    expect(events.extensions).toEqual([generator.lease]);
    expect(generator.lease?.to).toBe(before + 5 * HEARTBEAT_MS);
    expect(generator.lease?.from).toBe(events.grants[0]?.from);
  });

  test('extends a long window when less than half of it is left', async () => {
    const { source, started, clock } = keeping();
    source.windowMs = 600_000;
    await started();
    await clock.advance(20 * HEARTBEAT_MS);
    expect(source.count('extend 0')).toBe(0);
    await clock.advance(HEARTBEAT_MS);
    expect(source.count('extend 0')).toBe(1);
  });

  test('never stops issuing over an hour of extensions', async () => {
    const { started, clock, tryNext, events } = keeping();
    await started();
    for (let second = 0; second < 3_600; second++) {
      await clock.advance(1_000);
      expect(tryNext()).toBe('issued');
    }
    expect(events.grants).toHaveLength(1);
    expect(clock.pending).toBe(1);
  });

  test('repeats a heartbeat whose answer was lost, without waiting for the next beat', async () => {
    const { source, keeper, started, clock } = keeping();
    await started();
    source.renewals = unavailable();
    await clock.advance(HEARTBEAT_MS);
    expect(keeper).toMatchObject({ state: 'holding', lastError: 'COORDINATOR_UNAVAILABLE' });
    source.renewals = 'now';
    await clock.advance(400);
    expect(source.count('renew 0')).toBe(2);
    expect(keeper.lastError).toBeUndefined();
  });

  test('is in no trouble while Redis takes no heartbeats, as long as the window is extended', async () => {
    const { source, keeper, started, clock, events } = keeping();
    await started();
    source.renewals = unavailable();
    await clock.advance(HEARTBEAT_MS);
    source.renewals = redisAway;
    await clock.advance(30_000);
    expect(source.count('renew 0')).toBeGreaterThan(4);
    expect(keeper).toMatchObject({ state: 'holding', lastError: undefined });
    expect(events.leaseErrors).toEqual(['renew COORDINATOR_UNAVAILABLE']);
    source.renewals = 'now';
    await clock.advance(5_000);
    source.renewals = redisAway;
    await clock.advance(30_000);
    expect(source.count('extend 0')).toBeGreaterThan(0);
    expect(keeper.lastError).toBe('STORE_UNAVAILABLE');
  });

  test('asks for a replacement too when less than a quarter is left, and issues to the end of its window', async () => {
    const { source, started, clock, tryNext, events } = keeping();
    await started();
    source.renewals = unavailable();
    source.grants = unavailable();
    await clock.advance(89_000);
    expect(source.count('grant')).toBe(1);
    await clock.advance(8_000);
    expect(source.count('grant')).toBeGreaterThan(1);
    await clock.advance(120_000 - 97_000 - 1);
    expect(tryNext()).toBe('issued');
    await clock.advance(1);
    expect(tryNext()).toBe('LEASE_LOST');
    source.grants = 'now';
    await clock.advance(5_000);
    expect(tryNext()).toBe('issued');
    expect(events.grants.map(({ machineId }) => machineId)).toEqual([0, 1]);
    expect(source.count('end 0')).toBe(1);
  });

  test('gives the old machine id back when it holds another, and a failure of that changes nothing', async () => {
    const { source, keeper, started, clock, tryNext } = keeping();
    await started();
    source.renewals = lost();
    source.ends = unavailable();
    await clock.advance(HEARTBEAT_MS);
    expect(source.calls).toEqual(['grant', 'renew 0', 'grant', 'end 0']);
    expect(keeper.state).toBe('holding');
    expect(tryNext()).toBe('issued');
  });
});

describe('a keeper that lost its lease', () => {
  test('uses its window up while it asks for a new one, and then issues from that', async () => {
    const { source, keeper, started, clock, tryNext, generator } = keeping();
    await started();
    source.renewals = lost();
    source.grants = unavailable();
    await clock.advance(HEARTBEAT_MS);
    expect(keeper.state).toBe('replacing');
    await clock.advance(60_000);
    expect(tryNext()).toBe('issued');
    expect(source.count('renew 0')).toBe(1);
    source.grants = 'now';
    await clock.advance(5_000);
    expect(keeper.state).toBe('holding');
    expect(generator.lease?.machineId).toBe(1);
    expect(tryNext()).toBe('issued');
  });

  test('issues nothing past its window, however long no other comes', async () => {
    const { source, started, clock, tryNext } = keeping();
    await started();
    source.renewals = lost();
    source.grants = unavailable();
    await clock.advance(600_000);
    expect(tryNext()).toBe('LEASE_LOST');
  });
});

describe('a nudge', () => {
  test('asks at once where the process slept past its window', async () => {
    const { source, keeper, started, clock, tryNext } = keeping();
    await started();
    await clock.advance(5_000);
    clock.jump(600_000);
    expect(tryNext()).toBe('LEASE_LOST');
    keeper.nudge();
    await settle();
    expect(source.calls).toEqual(['grant', 'extend 0']);
    expect(tryNext()).toBe('issued');
    expect(clock.pending).toBe(1);
  });

  test('is heard once a second at most, however many requests are refused', async () => {
    const { source, keeper, started, clock } = keeping();
    await started();
    source.renewals = unavailable();
    source.grants = unavailable();
    clock.jump(600_000);
    await clock.advance(HEARTBEAT_MS);
    const before = source.calls.length;
    for (let i = 0; i < 1_000; i++) keeper.nudge();
    expect(source.calls).toHaveLength(before);
    expect(clock.pending).toBe(1);
  });

  test('does nothing while a call is under way, without a lease, or after the end', async () => {
    const { source, keeper, started, clock } = keeping();
    source.grants = unavailable();
    await started();
    await clock.advance(0);
    keeper.nudge();
    expect(source.calls).toEqual(['grant']);
    await keeper.stop();
    keeper.nudge();
    expect(source.calls).toEqual(['grant']);
    expect(clock.pending).toBe(0);
  });
});

describe('stopping', () => {
  test('ends the lease, and nothing is issued afterwards', async () => {
    const { source, keeper, started, clock, tryNext } = keeping();
    await started();
    await keeper.stop();
    expect(source.calls).toEqual(['grant', 'end 0']);
    expect(tryNext()).toBe('LEASE_LOST');
    expect(keeper.state).toBe('ended');
    expect(clock.pending).toBe(0);
    await clock.advance(600_000);
    expect(source.calls).toHaveLength(2);
  });

  test('is not kept from its end by a coordinator that does not answer', async () => {
    const { source, keeper, started } = keeping();
    await started();
    source.ends = unavailable();
    await expect(keeper.stop()).resolves.toBeUndefined();
  });

  test('gives back a grant that arrives afterwards, and issues nothing from it', async () => {
    const { source, keeper, started, clock, tryNext, events } = keeping();
    source.grants = 'held';
    await started();
    await keeper.stop();
    source.heldGrants[0]?.answer(source.nextLease());
    await settle();
    expect(source.calls).toEqual(['grant', 'end 0']);
    expect(tryNext()).toBe('LEASE_LOST');
    expect(events.grants).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('negative control: held all the same, that grant would be issued from after it was given back', async () => {
    const { source, keeper, started, generator, tryNext } = keeping();
    source.grants = 'held';
    await started();
    await keeper.stop();
    generator.hold(source.nextLease());
    expect(tryNext()).toBe('issued');
  });

  test.each(['answer', 'failure'])('during a heartbeat ignores its %s', async (kind) => {
    const { source, keeper, started, clock, tryNext } = keeping();
    await started();
    source.renewals = 'held';
    await clock.advance(HEARTBEAT_MS);
    await keeper.stop();
    if (kind === 'answer') source.heldRenewals[0]?.answer(clock.now() + 600_000);
    else source.heldRenewals[0]?.fail(lost());
    await settle();
    expect(tryNext()).toBe('LEASE_LOST');
    expect(source.calls).toEqual(['grant', 'renew 0', 'end 0']);
    expect(clock.pending).toBe(0);
  });
});
