import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ConfigError } from '@leafcutter/shared/config/config-error';
import { namedTokenList, tokenList } from '@leafcutter/shared/config/list-kinds';
import type { Appliers, SettingChange } from '@leafcutter/shared/config/live-settings';
import { int } from '@leafcutter/shared/config/number-kinds';
import { file } from '@leafcutter/shared/config/setting-kinds';
import { type ConfigOf, settings } from '@leafcutter/shared/config/settings';
import { StartError } from '@leafcutter/shared/http/bind';
import { createLogger } from '@leafcutter/shared/logger';
import { Reloader } from './reload.ts';

const sample = settings({
  tokens: tokenList({ reloads: true, doc: 'Tokens.' }),
  admins: namedTokenList({ reloads: true, doc: 'Admins.' }),
  deep: {
    pace: int({ default: 1, min: 0, max: 9, reloads: true, doc: 'Pace.' }),
    size: int({ default: 1, min: 0, max: 9, doc: 'Size.' }),
  },
  certFile: file({ optional: true, reloads: true, doc: 'Certificate.' }),
});
type Config = ConfigOf<typeof sample>;

function reloading(config: Config) {
  const said: string[] = [];
  const taken: unknown[] = [];
  const state = { next: (): Config => config, ok: 0, failed: 0, renewed: 0, renew: (): void => undefined };
  const changes: SettingChange[] = [];
  const log = createLogger(
    'debug',
    {},
    {
      write(line) {
        const { msg, settings: names = '' } = JSON.parse(line);
        said.push(`${msg} ${names}`.trim());
      },
    },
  );
  const appliers: Appliers<(typeof sample)['tree']> = {
    tokens: ({ tokens }) => void taken.push({ tokens }),
    admins: ({ admins }) => void taken.push({ admins }),
    'deep.pace': ({ deep }) => void taken.push({ pace: deep.pace }),
    certFile() {
      state.renew();
      state.renewed++;
    },
  };
  const reloader = new Reloader({ settings: sample, config, load: () => state.next(), log });
  const service = {
    appliers,
    reloaded(result: 'ok' | 'failed', of: readonly SettingChange[]) {
      state[result]++;
      changes.push(...of);
    },
  };
  return { reloader, follow: () => reloader.follow(service), said, taken, state, changes };
}

/** One that follows its service already. */
function following(config: Config) {
  const { follow, ...made } = reloading(config);
  follow();
  return made;
}

const START: Config = { tokens: ['a'], admins: [], deep: { pace: 1, size: 1 }, certFile: undefined };

function written(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'leafcutter-reload-')), 'cert.pem');
  writeFileSync(path, content);
  return path;
}

test('what changed is told without its secrets, whatever else is wrong', () => {
  const { reloader, state, changes } = following({ ...START, admins: ['hidden1'], certFile: written('old') });
  const admins = ['alice hidden2', 'hidden3'];
  const certFile = state.next().certFile ?? '';
  writeFileSync(certFile, 'hidden4');
  state.renew = () => {
    throw new StartError('No certificate.');
  };
  state.next = () => ({ tokens: ['hidden5', 'hidden6'], admins, deep: { pace: 2, size: 1 }, certFile });
  reloader.look();
  expect(changes).toEqual([
    { key: 'tokens', before: '1 of them', after: '2 of them' },
    { key: 'admins', before: '(unnamed)', after: 'alice, (unnamed)' },
    { key: 'deep.pace', before: '1', after: '2' },
  ]);
  state.renew = () => undefined;
  reloader.look();
  expect(changes.slice(3)).toEqual([{ key: 'certFile', before: 'a file', after: 'the file renewed' }]);
});

test('what changed is applied and named, and what has not is left alone', () => {
  const { reloader, taken, said, state } = following(START);
  reloader.look();
  expect([taken, said, state.ok]).toEqual([[], [], 0]);
  state.next = () => ({ ...START, tokens: ['b'] });
  reloader.look();
  reloader.look();
  expect(taken).toEqual([{ tokens: ['b'] }]);
  expect(said).toEqual(['the configuration was read again, and these settings changed tokens']);
  state.next = () => ({ ...START, tokens: ['c'], deep: { pace: 2, size: 1 } });
  reloader.look();
  expect(taken.slice(1)).toEqual([{ tokens: ['c'] }, { pace: 2 }]);
  expect(state.ok).toBe(2);
});

test('NEGATIVE CONTROL: what is marked and has no applier is not called changed', () => {
  const { reloader, said, state } = reloading(START);
  reloader.follow({ appliers: {} as Appliers<(typeof sample)['tree']>, reloaded: () => undefined });
  state.next = () => ({ ...START, tokens: ['b'] });
  reloader.look();
  expect(said).toEqual(['these settings changed and need a restart: tokens']);
});

test('what needs a restart is named once, and does not keep the rest', () => {
  const { reloader, taken, said, state } = following(START);
  state.next = () => ({ ...START, deep: { pace: 5, size: 7 }, certFile: '/elsewhere' });
  reloader.look();
  reloader.look();
  expect(taken).toEqual([{ pace: 5 }]);
  expect(said.filter((line) => line.includes('need a restart: deep.size, certFile'))).toHaveLength(1);
});

test('a configuration that is wrong changes nothing, and is told once', () => {
  const { reloader, taken, said, state } = following(START);
  state.next = () => {
    throw new ConfigError([{ key: 'tokens', message: 'the file is empty' }]);
  };
  reloader.look();
  reloader.look();
  expect([taken, state.failed, said]).toEqual([[], 2, [expect.stringContaining('the one before goes on')]]);
});

test('tokens are never taken away altogether: without any, everyone would pass', () => {
  const { reloader, taken, state } = following(START);
  state.next = () => ({ ...START, tokens: [], deep: { pace: 5, size: 1 } });
  reloader.look();
  expect([taken, state.failed]).toEqual([[], 1]);
});

test('a service that is asked before it runs looks as soon as it does', () => {
  const { reloader, follow, taken, state } = reloading(START);
  state.next = () => ({ ...START, tokens: ['b'] });
  reloader.look();
  expect(taken).toEqual([]);
  follow();
  expect(taken).toEqual([{ tokens: ['b'] }]);
});

test('a file whose content reloads is applied when it holds something else, also if the rest is wrong', () => {
  const certFile = written('one');
  const { reloader, said, state } = following({ ...START, certFile });
  reloader.look();
  expect(state.renewed).toBe(0);
  state.next = () => {
    throw new ConfigError([{ key: 'tokens', message: 'the file is empty' }]);
  };
  writeFileSync(certFile, 'two');
  reloader.look();
  reloader.look();
  expect(state.renewed).toBe(1);
  expect(said).toContain('the configuration was read again, and these settings changed certFile');
});

test('a file that changes while the service starts and reads it is found to differ', () => {
  const certFile = written('one');
  const { reloader, follow, state } = reloading({ ...START, certFile });
  writeFileSync(certFile, 'two');
  follow();
  reloader.look();
  expect(state.renewed).toBe(1);
});

test('content that cannot be used is told once and tried again, and does not keep the rest', () => {
  const certFile = written('one');
  const { reloader, said, taken, state } = following({ ...START, certFile });
  state.renew = () => {
    throw new StartError('certFile and keyFile cannot be used.');
  };
  writeFileSync(certFile, 'half');
  state.next = () => ({ ...START, certFile, tokens: ['b'] });
  reloader.look();
  reloader.look();
  expect(said.filter((line) => line.includes('cannot be used'))).toHaveLength(1);
  expect([taken, state.failed, state.renewed]).toEqual([[{ tokens: ['b'] }], 2, 0]);
  state.renew = () => undefined;
  reloader.look();
  expect([state.renewed, state.failed]).toEqual([1, 2]);
});
