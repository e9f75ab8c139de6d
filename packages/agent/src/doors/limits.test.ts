import { expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { Scope } from '@leafcutter/shared/http/tokens';
import { issuing } from '../fakes/issuing.ts';
import type { Tally } from '../metrics/metrics.ts';
import type { Agent } from './agent.ts';
import { Batches } from './batches.ts';
import { Dispenser } from './dispenser.ts';
import { Limits } from './limits.ts';

const OFF = { tokenRequestsPerS: 0, tokenIdsPerS: 0 };
const [mine, other] = [new Scope(undefined), new Scope(undefined)];

/** A dispenser with one tag of many IDs. */
function dispensing(settings = OFF) {
  const clock = new FakeClock();
  const { newTags, source } = issuing();
  source.size = 1_000_000;
  const tags = newTags();
  const limits = new Limits(clock, settings);
  const tally = (): Tally => ({ count: 0 });
  const snowflake = { ids: { next: () => 7n, take: async (count: number) => Array(count).fill(7n) } };
  const parts = { tags, snowflake, limits, batches: new Batches(setImmediate), metrics: { tally } };
  return { clock, limits, source, ids: new Dispenser(parts as unknown as Agent, 'http') };
}

const outcome = (drawing: Promise<unknown>) =>
  drawing.then(
    () => 'served',
    ({ code, reason, retryAfterMs }) => `${code} ${reason} ${retryAfterMs}`,
  );

test.each<[string, (ids: Dispenser, by: Scope) => Promise<unknown>]>([
  ['text', (ids, by) => ids.text(by, 'orders')],
  ['texts', (ids, by) => ids.texts(by, 'orders', 5, String)],
  ['digits', (ids, by) => ids.digits(by, 'orders', 5, String)],
  ['one', (ids, by) => ids.one(by, 'orders')],
  ['ranges', (ids, by) => ids.ranges(by, 'orders', 5)],
  ['block', (ids, by) => ids.block(by, 'orders', 5)],
  ['snowflake', (ids, by) => ids.snowflake(by)],
  ['snowflakes', (ids, by) => ids.snowflakes(by, 5)],
  ['snowflakeDigits', (ids, by) => ids.snowflakeDigits(by, 5, String)],
])(
  '%s: a token that asks too fast is refused and told when to come again; another one is served',
  async (_, draw) => {
    const { ids, clock } = dispensing({ ...OFF, tokenRequestsPerS: 1 });
    for (let n = 0; n < 10; n++) expect(await outcome(draw(ids, mine))).toBe('served');
    expect(await outcome(draw(ids, mine))).toBe('RATE_LIMITED token 1000');
    expect(await outcome(draw(ids, other))).toBe('served');
    await clock.advance(1_000);
    expect(await outcome(draw(ids, mine))).toBe('served');
  },
);

test('IDs are counted, also those of a batch, whose refusal takes none', async () => {
  const { ids } = dispensing({ ...OFF, tokenIdsPerS: 100 });
  expect(await outcome(ids.ranges(mine, 'orders', 1_500))).toBe('served');
  expect(await outcome(ids.ranges(mine, 'orders', 10_000))).toBe('RATE_LIMITED token_ids 5010');
  expect((await ids.ranges(other, 'orders', 1))[0]?.start).toBe(1_501n);
});

test('a change counts at once, and nothing passes by the limit from memory', async () => {
  const { ids, limits } = dispensing();
  await ids.one(mine, 'orders');
  const fromMemory = () => [
    ids.oneNow('orders'),
    ids.oneExactNow('orders'),
    ids.oneTextNow('orders'),
    ids.blockNow('orders', 2)?.start,
    ids.snowflakeNow(),
  ];
  expect(fromMemory()).toEqual([2n, 3, '4', 5n, 7n]);
  limits.change({ ...OFF, tokenRequestsPerS: 1 });
  expect(fromMemory()).toEqual(Array(5).fill(undefined));
  const asked = await Promise.all(Array.from({ length: 12 }, () => outcome(ids.one(mine, 'orders'))));
  expect(asked.filter((said) => said === 'served')).toHaveLength(10);
  limits.change(OFF);
  expect(ids.oneNow('orders')).toBe(17n);
});

test('negative control: without limits a token asks as fast as it likes', async () => {
  const { ids } = dispensing();
  await ids.one(mine, 'orders');
  const asked = await Promise.all(
    Array.from({ length: 500 }, () => outcome(ids.ranges(mine, 'orders', 1_000))),
  );
  expect(new Set(asked)).toEqual(new Set(['served']));
});
