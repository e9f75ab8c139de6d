import { describe, expect, test } from '@jest/globals';
import { OneTag } from '../../fakes/one-tag.ts';
import { CALM, holder, overlaps } from '../../fakes/samples.ts';

/** How Redis forgets a fence that rose a moment ago. */
const LOSSES: readonly (readonly [how: string, lose: (tag: OneTag) => () => void])[] = [
  ['is wiped', ({ memory }) => () => memory.wipe()],
  [
    'fails over to a replica that had not heard of it',
    (tag) => {
      const failOver = tag.replica();
      return () => {
        failOver();
        tag.fence.incarnation += 1;
      };
    },
  ],
];

describe.each(LOSSES)('a range whose COMMIT is under way while Redis %s', (_how, lose) => {
  test('does not repeat if a sweep completes, and MySQL forgets it after that', async () => {
    const tag = await OneTag.make(100);
    await tag.take();
    const forget = lose(tag);
    const { promise: held, resolve: commit } = Promise.withResolvers<void>();
    tag.store.beforeCommit = () => held;
    const asked = tag.segments.grant('orders', holder(1), CALM);
    await tag.clock.advance(10);
    tag.store.beforeCommit = async () => undefined;
    forget();
    const { length: before } = tag.events.sweeps;
    await tag.guard.check();
    await tag.clock.advance(10);
    const { commitCount } = tag.store.database;
    commit();
    tag.ranges.push(await asked);
    for (let looks = 0; looks < 3 && tag.events.sweeps.length === before; looks++) {
      await tag.guard.check();
      await tag.clock.advance(1_000);
    }
    expect(tag.events.sweeps.length).toBeGreaterThan(before);
    tag.backTo(commitCount);
    await tag.guard.check();
    await tag.clock.advance(1_000);
    await tag.take();
    expect(overlaps(tag.ranges)).toEqual([]);
  });
});
