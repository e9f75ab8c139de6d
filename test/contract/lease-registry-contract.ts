import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LeaseRegistry } from '@leafcutter/coordinator/domain/leases/lease-registry';
import { holder } from '@leafcutter/coordinator/fakes/samples';

export interface LeaseRegistryUnderTest {
  readonly registry: LeaseRegistry;
  /** Lets the registry's time pass. */
  elapse(ms: number): Promise<void>;
  close(): Promise<void>;
}

const LONG_MS = 3_600_000;
const SHORT_MS = 600_000;

/** What every lease registry promises (`domain/leases/lease-registry.ts`). */
export function leaseRegistryContract(name: string, open: () => Promise<LeaseRegistryUnderTest>): void {
  describe(`the lease registry contract on ${name}`, () => {
    let subject: LeaseRegistryUnderTest;
    let registry: LeaseRegistry;

    beforeEach(async () => {
      subject = await open();
      registry = subject.registry;
    });
    afterEach(() => subject.close());

    test('knows nobody at first', async () => {
      expect(await registry.live([0, 1, 1_023])).toEqual(new Map());
      expect(await registry.live([])).toEqual(new Map());
    });

    test('enters a lease where none stands, and tells whose it is', async () => {
      expect(await registry.enter(3, holder(1), LONG_MS)).toBe('kept');
      expect(await registry.enter(33, { ...holder(2), agentId: 'pod/a:b-c_d' }, LONG_MS)).toBe('kept');
      expect(await registry.live([0, 3, 33])).toEqual(
        new Map([
          [3, holder(1)],
          [33, { ...holder(2), agentId: 'pod/a:b-c_d' }],
        ]),
      );
    });

    test('renews no lease where none stands: who asks is not believed to hold one', async () => {
      expect(await registry.renew(3, holder(1), LONG_MS)).toBe('absent');
      expect(await registry.live([3])).toEqual(new Map());
    });

    test('renews its holder’s lease and refuses another’s, which changes nothing', async () => {
      await registry.enter(3, holder(1), LONG_MS);
      expect(await registry.renew(3, holder(1), LONG_MS)).toBe('kept');
      expect(await registry.enter(3, holder(1), LONG_MS)).toBe('kept');
      expect(await registry.renew(3, holder(2), LONG_MS)).toBe('taken');
      expect(await registry.enter(3, holder(2), LONG_MS)).toBe('taken');
      expect(await registry.live([3])).toEqual(new Map([[3, holder(1)]]));
    });

    test('tells instances apart, not agents: a restarted agent is another', async () => {
      await registry.enter(3, holder(1), LONG_MS);
      const restarted = { agentId: holder(1).agentId, instanceId: holder(2).instanceId };
      expect(await registry.renew(3, restarted, LONG_MS)).toBe('taken');
    });

    test('lets one of many that ask at once have it', async () => {
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, n) => registry.enter(3, holder(n), LONG_MS)),
      );
      expect(answers.filter((answer) => answer === 'kept')).toHaveLength(1);
    });

    test('forgets a lease that is not renewed in time', async () => {
      await registry.enter(3, holder(1), SHORT_MS);
      await subject.elapse(SHORT_MS);
      expect(await registry.live([3])).toEqual(new Map());
      expect(await registry.renew(3, holder(1), LONG_MS)).toBe('absent');
      expect(await registry.enter(3, holder(2), LONG_MS)).toBe('kept');
    });

    test('a refused renewal does not prolong the lease that stands', async () => {
      await registry.enter(3, holder(1), SHORT_MS);
      expect(await registry.renew(3, holder(2), LONG_MS)).toBe('taken');
      await subject.elapse(SHORT_MS);
      expect(await registry.live([3])).toEqual(new Map());
    });

    test('a renewal begins the time anew', async () => {
      await registry.enter(3, holder(1), SHORT_MS);
      await registry.renew(3, holder(1), LONG_MS);
      await subject.elapse(SHORT_MS);
      expect(await registry.live([3])).toEqual(new Map([[3, holder(1)]]));
    });

    test('ends a lease for its holder only, and only that one', async () => {
      await registry.enter(3, holder(1), LONG_MS);
      await registry.enter(4, holder(1), LONG_MS);
      await registry.end(3, holder(2).instanceId);
      expect((await registry.live([3])).size).toBe(1);
      await registry.end(3, holder(1).instanceId);
      await registry.end(3, holder(1).instanceId);
      expect(await registry.live([3, 4])).toEqual(new Map([[4, holder(1)]]));
    });
  });
}
