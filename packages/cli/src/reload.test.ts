import { expect, test } from '@jest/globals';
import { ConfigError } from '@leafcutter/shared/config/config-error';
import { tokenList } from '@leafcutter/shared/config/list-kinds';
import { int } from '@leafcutter/shared/config/number-kinds';
import { type ConfigOf, settings } from '@leafcutter/shared/config/settings';
import { createLogger } from '@leafcutter/shared/logger';
import { Reloader } from './reload.ts';

const sample = settings({
  tokens: tokenList({ reloads: true, doc: 'Tokens.' }),
  deep: {
    pace: int({ default: 1, min: 0, max: 9, reloads: true, doc: 'Pace.' }),
    size: int({ default: 1, min: 0, max: 9, doc: 'Size.' }),
  },
});
type Config = ConfigOf<typeof sample>;

function reloading(config: Config) {
  const said: string[] = [];
  const taken: Config[] = [];
  const state = { next: (): Config => config, failed: 0 };
  const log = createLogger('debug', {}, { write: (line) => void said.push(JSON.parse(line).msg) });
  const service = {
    reload: (changed: Config) => void taken.push(changed),
    reloadFailed: () => void state.failed++,
  };
  const reloader = new Reloader({ settings: sample, config, load: () => state.next(), service, log });
  return { reloader, said, taken, state };
}

const START: Config = { tokens: ['a'], deep: { pace: 1, size: 1 } };

test('what changed is taken over, and what has not is left alone', () => {
  const { reloader, taken, state } = reloading(START);
  reloader.look();
  expect(taken).toEqual([]);
  state.next = () => ({ tokens: ['b'], deep: { pace: 2, size: 1 } });
  reloader.look();
  reloader.look();
  expect(taken).toEqual([{ tokens: ['b'], deep: { pace: 2, size: 1 } }]);
});

test('what needs a restart is named once, and does not keep the rest', () => {
  const { reloader, taken, said, state } = reloading(START);
  state.next = () => ({ tokens: ['a'], deep: { pace: 5, size: 7 } });
  reloader.look();
  reloader.look();
  expect(taken).toEqual([{ tokens: ['a'], deep: { pace: 5, size: 1 } }]);
  expect(said.filter((line) => line.includes('need a restart: deep.size'))).toHaveLength(1);
});

test('a configuration that is wrong changes nothing, and is told once', () => {
  const { reloader, taken, said, state } = reloading(START);
  state.next = () => {
    throw new ConfigError([{ key: 'tokens', message: 'the file is empty' }]);
  };
  reloader.look();
  reloader.look();
  expect([taken, state.failed, said]).toEqual([[], 2, [expect.stringContaining('the one before goes on')]]);
});

test('tokens are never taken away altogether: without any, everyone would pass', () => {
  const { reloader, taken, state } = reloading(START);
  state.next = () => ({ tokens: [], deep: { pace: 5, size: 1 } });
  reloader.look();
  expect([taken, state.failed]).toEqual([[], 1]);
});
