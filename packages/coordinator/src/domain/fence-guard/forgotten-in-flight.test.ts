import { describe, expect, test } from '@jest/globals';
import { OneTag } from '../../fakes/one-tag.ts';
import { CALM, holder, overlaps } from '../../fakes/samples.ts';
import type { Range } from '../allocation/range.ts';

/** How Redis forgets a fence that rose a moment ago. */
const LOSSES: readonly (readonly [how: string, lose: (tag: OneTag) => () => void])[] = [
  [
    'is wiped',
    ({ memory }) =>
      () =>
        memory.wipe(),
  ],
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

/**
 * What is granted if Redis forgets a range whose COMMIT is under way, a sweep completes, and MySQL then forgets the
 * range, too.
 */
async function forgottenInFlight(tag: OneTag, lose: (tag: OneTag) => () => void): Promise<Range[]> {
  const { clock, store, guard, events } = tag;
  await tag.take();
  const forget = lose(tag);
  const { promise: held, resolve: commit } = Promise.withResolvers<void>();
  store.beforeCommit = () => held;
  const asked = tag.segments.grant('orders', holder(1), CALM);
  await clock.advance(10);
  store.beforeCommit = async () => undefined;
  forget();
  const { length: before } = events.sweeps;
  await guard.check();
  await clock.advance(10);
  const { commitCount } = store.database;
  commit();
  tag.ranges.push(await asked);
  await clock.advance(10);
  expect(events.sweeps).toHaveLength(before + 1);
  tag.backTo(commitCount);
  await guard.check();
  await clock.advance(1_000);
  await tag.take();
  return tag.ranges;
}

describe.each(LOSSES)('a range whose COMMIT is under way while Redis %s', (_how, lose) => {
  test('does not repeat if a sweep completes, and MySQL forgets it after that', async () => {
    expect(overlaps(await forgottenInFlight(await OneTag.make(100), lose))).toEqual([]);
  });

  test('NEGATIVE CONTROL: repeats if the sweep does not wait for it', async () => {
    const tag = await OneTag.make(100);
    tag.store.untilRowsAreFree = async () => undefined;
    expect(overlaps(await forgottenInFlight(tag, lose))).not.toEqual([]);
  });
});
