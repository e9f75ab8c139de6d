import { describe, expect, test } from '@jest/globals';
import type { Address } from './kinds/address.ts';
import { tokenList } from './kinds/list-kinds.ts';
import { int } from './kinds/number-kinds.ts';
import { address, choice, flag, text, token } from './kinds/setting-kinds.ts';
import { bySection, type ConfigOf, environmentNames, type KeyOf, settings } from './settings.ts';

const doc = 'A setting.';

const example = settings({
  snowflake: { enabled: flag({ default: false, doc }), lease: { ttlMs: int({ default: 1, doc }) } },
  listen: address({ default: '127.0.0.1:8000', doc }),
  opsListen: address({ optional: true, doc }),
  level: choice(['info', 'warn'], { default: 'info', doc }),
  maxId: int({ required: true, doc }),
  tokens: tokenList({ doc }),
});

type Exactly<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;

describe('settings', () => {
  test('give the configuration its exact type', () => {
    const isExact: Exactly<
      ConfigOf<typeof example>,
      {
        readonly snowflake: { readonly enabled: boolean; readonly lease: { readonly ttlMs: number } };
        readonly listen: Address;
        readonly opsListen: Address | undefined;
        readonly level: 'info' | 'warn';
        readonly maxId: number;
        readonly tokens: readonly string[];
      }
    > = true;
    const keysAreExact: Exactly<
      KeyOf<typeof example.tree>,
      'snowflake.enabled' | 'snowflake.lease.ttlMs' | 'listen' | 'opsListen' | 'level' | 'maxId' | 'tokens'
    > = true;
    expect(isExact && keysAreExact).toBe(true);
  });

  test('let a rule name only keys that exist', () => {
    const tree = { a: { b: int({ default: 1, doc }) } };
    settings(tree, {
      rules: [(config) => (config.a.b > 5 ? { key: 'a.b', problem: 'must be small' } : undefined)],
    });
    // @ts-expect-error there is no a.c
    settings(tree, { rules: [() => ({ key: 'a.c', problem: 'must be small' })] });
  });

  test('are grouped by section, the top level first, otherwise in the order of definition', () => {
    const grouped = [...bySection(example)].map(([section, entries]) => [
      section,
      entries.map(([key]) => key),
    ]);
    expect(grouped).toEqual([
      ['', ['listen', 'opsListen', 'level', 'maxId', 'tokens']],
      ['snowflake', ['snowflake.enabled']],
      ['snowflake.lease', ['snowflake.lease.ttlMs']],
    ]);
  });

  test('list the variables that they read, with the file of a secret', () => {
    const some = settings({ a: int({ default: 1, doc }), b: token({ optional: true, doc }) });
    expect(environmentNames(some)).toEqual(['LEAFCUTTER_A', 'LEAFCUTTER_B', 'LEAFCUTTER_B_FILE']);
  });

  test.each([
    ['two keys with one flag', { aB: flag({ default: true, doc }), a: { b: flag({ default: true, doc }) } }],
    [
      'a flag that is another switched off',
      { x: flag({ default: true, doc }), noX: text({ optional: true, doc }) },
    ],
    [
      'a variable that is the file of a secret',
      { a: token({ optional: true, doc }), aFile: text({ optional: true, doc }) },
    ],
    ['the flag of every service', { config: text({ optional: true, doc }) }],
  ])('refuse %s', (_what, tree) => {
    expect(() => settings(tree)).toThrow(/would belong to/);
  });

  test('refuse names that are not in camelCase', () => {
    expect(() => settings({ 'a.b': flag({ default: true, doc }) })).toThrow(
      'The setting a.b is not in camelCase.',
    );
  });
});
