import { expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { fenceMove, raiseOne } from '../../fakes/samples.ts';
import { StoreTrouble } from '../trouble.ts';
import { RedisFence } from './fence.ts';
import type { RedisLink } from './link.ts';

test('a connection that breaks once is no trouble; one that breaks under each script is, until one is answered', async () => {
  const answers: ('breaks' | 'answers')[] = [];
  const link = {
    up: true,
    prefix: '',
    async run() {
      if (answers.shift() === 'answers') return [''];
      const cause = new Error('Connection is closed.');
      throw new LeafcutterError('STORE_UNAVAILABLE', 'Redis does not answer.', { cause });
    },
  } as unknown as RedisLink;
  const trouble = new StoreTrouble();
  const fence = new RedisFence(link, new FakeClock(), trouble);
  const told = async (...scripts: typeof answers) => {
    answers.push(...scripts);
    for (const _ of scripts)
      await raiseOne(fence, { kind: 'tag', tag: 'orders' }, fenceMove(1n, 11n)).catch(() => undefined);
    return trouble.last?.words;
  };
  expect(await told('breaks', 'breaks', 'answers', 'breaks')).toBeUndefined();
  expect(await told('breaks', 'breaks')).toBe('Connection is closed.');
  expect(await told('answers')).toBeUndefined();
});
