import { expect, test } from '@jest/globals';
import { FakeClock, settle } from '@leafcutter/shared/fake-clock';
import { Scope } from '@leafcutter/shared/http/tokens';
import { issuing } from '../fakes/issuing.ts';
import type { Agent } from './agent.ts';
import { Batches, SLICE } from './batches.ts';
import { Dispenser } from './dispenser.ts';
import { Limits } from './limits.ts';

type Put = (texts: readonly string[]) => void;

/** A dispenser whose batches get their turns from the test. */
function dispensing() {
  const turns: (() => void)[] = [];
  const { newTags, source } = issuing();
  source.size = 1_000_000;
  const agent = {
    tags: newTags(),
    snowflake: { ids: { take: async (count: number) => Array.from({ length: count }, () => 1n) } },
    limits: new Limits(new FakeClock(), { tokenRequestsPerS: 0, tokenIdsPerS: 0 }),
    batches: new Batches((work) => turns.push(work)),
    metrics: { tally: () => ({ count: 0 }) },
  };
  return { turns, ids: new Dispenser(agent as unknown as Agent, 'http') };
}

test.each<[string, (ids: Dispenser, put: Put) => Promise<unknown>]>([
  ['texts', (ids, put) => ids.texts(Scope.all, 'orders', 3 * SLICE, put)],
  ['digits', (ids, put) => ids.digits(Scope.all, 'orders', 3 * SLICE, put)],
  ['snowflakeDigits', (ids, put) => ids.snowflakeDigits(Scope.all, 3 * SLICE, put)],
])('%s give way after each slice', async (_, draw) => {
  const { turns, ids } = dispensing();
  const written: number[] = [];
  const drawing = draw(ids, (texts) => written.push(texts.length));
  for (const slices of [1, 2, 3]) {
    await settle();
    expect(written).toEqual(Array(slices).fill(SLICE));
    for (const work of turns.splice(0)) work();
  }
  await drawing;
});
