import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { defineScripts, REDIS_SCRIPTS } from '@leafcutter/coordinator/stores/redis/scripts';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../support/redis-server.ts';

const SOURCES = new URL('../../packages/coordinator/src/stores/redis/', import.meta.url);
const source = (path: string) => readFileSync(new URL(path, SOURCES), 'utf8');

interface Header {
  readonly keys: string[];
  readonly args: string[];
  readonly returns: string;
}

/** A script's description in its opening comment. */
function headerOf(lua: string): Header {
  const comment = /^--\[\[\n([\s\S]*?)\]\]/.exec(lua)?.[1] ?? '';
  const named = (list: string) => [...comment.matchAll(new RegExp(`^\\s*${list}\\[(\\d+)\\] (.+)$`, 'gm'))];
  const inOrder = (list: string) =>
    named(list).map(([, index, words], position) => {
      expect({ list, index: Number(index) }).toEqual({ list, index: position + 1 });
      return words as string;
    });
  return {
    keys: inOrder('KEYS'),
    args: inOrder('ARGV'),
    returns: /^\s*Returns (.+)/m.exec(comment)?.[1] ?? '',
  };
}

/** The signature that `declare module 'ioredis'` gives a command. */
function signatureOf(name: string): { parameters: string[]; result: string } {
  const match = new RegExp(`^    ${name}\\(([^)]*)\\): Result<([\\w[\\]]+), Context>;`, 'm').exec(
    source('scripts.ts'),
  );
  if (match === null) throw new Error(`scripts.ts declares no ${name}`);
  return {
    parameters: (match[1] as string)
      .split(',')
      .map((one) => one.split(':')[0]?.trim() ?? '')
      .filter((one) => one !== ''),
    result: match[2] as string,
  };
}

/** Highest index that a script's body uses of a list. */
function highestUsed(lua: string, list: 'KEYS' | 'ARGV'): number {
  const body = lua.replace(/^--\[\[[\s\S]*?\]\]/, '');
  return Math.max(
    0,
    ...[...body.matchAll(new RegExp(`${list}\\[(\\d+)\\]`, 'g'))].map(([, index]) => Number(index)),
  );
}

/** `instanceId` is spoken of as "instance id", `ttlMs` as "time to live". */
const SPOKEN: Readonly<Record<string, RegExp>> = { ttlMs: /time to live, milliseconds/, key: /./ };
const spoken = (parameter: string) =>
  SPOKEN[parameter] ??
  new RegExp(
    parameter.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
    'i',
  );

let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.dispose());
beforeEach(() => {
  redis = new Redis(server.url);
  defineScripts(redis);
});
afterEach(async () => {
  await redis.flushall();
  redis.disconnect();
});

test('every script in the folder is one of REDIS_SCRIPTS, and the other way round', () => {
  const files = readdirSync(new URL('lua/', SOURCES)).sort();
  expect(files).toEqual(
    Object.values(REDIS_SCRIPTS)
      .map(({ file }) => file)
      .sort(),
  );
});

describe.each(Object.entries(REDIS_SCRIPTS))('%s', (name, { file, keys }) => {
  const lua = source(`lua/${file}`);
  const header = headerOf(lua);
  const signature = signatureOf(name);

  test('has a header that says its keys, arguments and answer', () => {
    expect(header.keys.length).toBeGreaterThan(0);
    expect(header.returns).not.toBe('');
  });

  test('uses the keys and arguments that its header names, and no more', () => {
    // The last of each list stands for all that follow it, and is reached by a computed index.
    const open = keys === undefined ? 1 : 0;
    expect({ keys: highestUsed(lua, 'KEYS'), args: highestUsed(lua, 'ARGV') }).toEqual({
      keys: header.keys.length - open,
      args: header.args.length - open,
    });
  });

  // A script with a variable number of keys is told the number with each call.
  const variadic = keys === undefined;

  test('is defined with as many keys as its header names', () => {
    if (variadic) expect(header.keys.at(-1)).toContain('and on');
    else expect(keys).toBe(header.keys.length);
  });

  test('is declared with its header’s keys and arguments, in order', () => {
    if (variadic) {
      expect(signature.parameters).toEqual(['keyCount', '...keysAndArgs']);
      return;
    }
    expect(signature.parameters).toHaveLength(header.keys.length + header.args.length);
    const words = [...header.keys, ...header.args];
    for (const [index, parameter] of signature.parameters.entries())
      expect(words[index]).toMatch(spoken(parameter));
  });

  test('asks for no key that it was not given, and for no clock but Redis’', () => {
    expect(lua).not.toMatch(/redis\.call\('\w+',(?!\s*KEYS\[)/);
    expect(lua).not.toMatch(/os\.|math\.random/);
  });
});

const A = '00000000-0000-4000-8000-00000000000a';
const B = '00000000-0000-4000-8000-00000000000b';
const TOP = 2n ** 63n - 1n;
const digits = (value: number | bigint) => String(value).padStart(19, '0');

describe('what the scripts return on a real Redis', () => {
  type Move = [start: bigint, end: bigint, counter?: bigint, era?: string, top?: bigint];
  const raiseAll = (moves: Move[], generation = 'g1') =>
    redis.raiseFences(
      2 + moves.length,
      ...['i', 'c', ...moves.map((_, index) => (index === 0 ? 'f' : `f${index}`)), generation],
      ...moves.flatMap(([start, end, counter = start, era = '', top = start], index) => {
        const numbers = [start, end, counter, top].map(digits);
        return [`tag:${index}`, ...numbers, era.slice(0, 19), era];
      }),
    );
  const raise = async (
    ...[start, end, counter, generation, era, top]: [bigint, bigint, bigint?, string?, string?, bigint?]
  ) => (await raiseAll([[start, end, counter, era, top]], generation))[0];
  const identity = (generation = 'g1') => redis.introduce('i', 'd1', 'layout', 1, generation);
  const sweep = (counters: bigint[], generation = 'g1', number = '0', era = '') =>
    redis.sweepFences(
      2 + counters.length,
      ...['i', 'c', ...counters.map((_, index) => `f${index}`)],
      ...[generation, number],
      ...counters.flatMap((value, index) => [`tag:${index}`, digits(value), digits(value - 1n), era]),
    );
  const mark = (...numbers: (number | bigint)[]) => numbers.map(digits).join(' ');
  const lower = (key: string, before: string, after: string, generation = 'g1') =>
    redis.lowerFence(key, 'i', 'c', before, after, generation, 'tag:0');

  test('introduce: 1 where the identity is the given one now, 0 where there was one', async () => {
    expect(await identity()).toBe(1);
    expect(await identity('g2')).toBe(0);
    expect(await redis.hgetall('i')).toEqual({
      deploymentId: 'd1',
      layout: 'layout',
      keySchema: '1',
      generation: 'g1',
      sweep: '0',
      lowered: '0',
    });
  });

  test('raiseFences: "" where it rose, else where it stands', async () => {
    await identity();
    expect(await raise(1n, 101n)).toBe('');
    expect(await redis.get('f')).toBe(mark(101, 1, 101));
    expect(await raise(100n, 200n)).toBe(`is ${mark(101, 1, 101)}`);
    expect(await raise(TOP - 1n, TOP, 101n)).toBe('');
    expect(await raise(TOP - 1n, TOP, 7n)).toBe(`is ${mark(TOP, 101, TOP)}`);
    expect(await redis.get('f')).toBe(mark(TOP, 101, TOP));
    expect(await redis.ttl('f')).toBe(-1);
  });

  test('raiseFences: "?" where the identity has another generation, "empty" where there is none', async () => {
    expect(await raise(1n, 101n)).toBe('empty');
    await identity('g2');
    expect(await raise(1n, 101n)).toBe('?');
    expect(await redis.exists('f')).toBe(0);
  });

  test('raiseFences: all, or none if one stands above its start, knows a later era or is no fence', async () => {
    await identity();
    expect(
      await raiseAll([
        [1n, 11n],
        [1n, 21n],
        [1n, 31n],
      ]),
    ).toEqual(['', '', '']);
    expect(await redis.mget('f', 'f1', 'f2')).toEqual([mark(11, 1, 11), mark(21, 1, 21), mark(31, 1, 31)]);
    expect(await redis.zrange('c', '0', '-1')).toEqual(['tag:0', 'tag:1', 'tag:2']);
    for (const [stands, answer] of [
      [mark(25, 1, 25), `is ${mark(25, 1, 25)}`],
      [mark(25, 1, 25, 1, 0, 0), 'forgotten'],
      ['was 5', 'is was 5'],
    ] as const) {
      await redis.set('f1', stands);
      expect(
        await raiseAll([
          [11n, 12n],
          [21n, 22n],
          [31n, 32n],
        ]),
      ).toEqual(['', answer, '']);
      expect(await redis.mget('f', 'f1', 'f2')).toEqual([mark(11, 1, 11), stands, mark(31, 1, 31)]);
    }
  });

  test('sweepFences: raises what is lower, tells what is higher, and notes what is committed', async () => {
    await identity();
    await redis.set('f1', mark(50, 20, 45));
    await redis.set('f2', mark(5, 5, 5));
    expect(await sweep([10n, 30n, 40n])).toEqual(['', mark(50, 30, 45), '']);
    expect(await redis.mget('f0', 'f1', 'f2')).toEqual([mark(10, 10, 9), mark(50, 30, 45), mark(40, 40, 39)]);
  });

  test('sweepFences: tells what is no fence, leaves it alone, and goes on', async () => {
    await identity();
    for (const [key, text] of Object.entries({ f0: '5', f1: mark(5, 5), f2: 'x'.repeat(59) }))
      await redis.set(key, text);
    expect(await sweep([10n, 10n, 10n, 10n])).toEqual(['5', mark(5, 5), 'x'.repeat(59), '']);
    expect(await redis.mget('f0', 'f1', 'f3')).toEqual(['5', mark(5, 5), mark(10, 10, 9)]);
  });

  test('a key of another type is no fence: raiseFences and sweepFences tell, confirmFences goes on', async () => {
    await identity();
    await redis.hset('f1', 'made', 'by hand');
    const wrong = expect.stringContaining('WRONGTYPE');
    const moves: Move[] = [
      [1n, 11n],
      [1n, 21n],
    ];
    expect(await raiseAll(moves)).toEqual(['', wrong]);
    expect(await redis.exists('f')).toBe(0);
    expect(await sweep([10n, 10n, 10n])).toEqual(['', wrong, '']);
    expect(await redis.confirmFences(4, 'i', 'f1', 'f0', 'f2', 'g1', ...[5, 5, 10].map(digits))).toBe(0);
    expect(await redis.mget('f0', 'f2')).toEqual([mark(10, 10, 9), mark(10, 10, 9)]);
  });

  test('raiseFences: what is no fence is not written over, although it sorts below every number', async () => {
    await identity();
    for (const text of ['-5', '', '+'.padEnd(59, '9'), '0 0 0']) {
      await redis.set('f', text);
      expect(await raise(1n, 101n)).toBe(`is ${text}`);
      expect(await redis.get('f')).toBe(text);
    }
  });

  test('sweepFences: "?" and nothing moved where the identity is another, or went back', async () => {
    expect(await sweep([10n])).toEqual(['?']);
    await identity();
    expect(await sweep([10n], 'g2')).toEqual(['?']);
    expect(await sweep([10n], 'g1', '1')).toEqual(['?']);
    expect(await redis.exists('f0')).toBe(0);
  });

  test('lowerFence: "" where a later era began, which a fence and a sweep of an earlier one do not move', async () => {
    await identity();
    await redis.set('f0', mark(900, 900, 900));
    const later = mark(3, 3, 3, 1, 800, 900);
    expect(await lower('f0', mark(900, 700, 900), later)).toBe('');
    expect(await sweep([10n])).toEqual([later]);
    expect(await redis.get('f0')).toBe(later);
    expect(await redis.hget('i', 'lowered')).toBe('1');
    expect(await redis.zscore('c', 'tag:0')).toBe('0');
    expect(await sweep([10n], 'g1', '0', mark(1, 800, 900))).toEqual(['']);
    expect(await redis.get('f0')).toBe(mark(10, 10, 9, 1, 800, 900));
  });

  test('raiseFences: "was" and what the fence was where that knew of more than the ledger', async () => {
    await identity();
    await raise(1n, 101n);
    expect(await raise(501n, 601n, 501n, 'g1', '', 101n)).toBe('');
    expect(await raise(901n, 1_001n, 901n, 'g1', '', 501n)).toBe(`was ${mark(601, 501, 601)}`);
    expect(await redis.get('f')).toBe(mark(1_001, 901, 1_001));
  });

  test('raiseFences: "forgotten" where the fence knows of a later era, also of one with more digits', async () => {
    await identity();
    expect(await raise(1n, 101n, 1n, 'g1', mark(9, 0, 0))).toBe('');
    expect(await raise(501n, 601n, 501n)).toBe('forgotten');
    expect(await raise(1n, 11n, 1n, 'g1', mark(10, 0, 0), 101n)).toBe('');
    expect(await raise(501n, 601n, 501n, 'g1', mark(9, 0, 0))).toBe('forgotten');
    expect(await redis.get('f')).toBe(mark(11, 1, 11, 10, 0, 0));
  });

  test('lowerFence: "?" where the identity is another, "!" where the fence is not as it must be', async () => {
    await identity();
    await redis.set('f', mark(9, 9, 9));
    expect(await lower('f', mark(9, 9, 9), mark(3, 3, 3, 1, 0, 0), 'g2')).toBe('?');
    expect(await lower('f', mark(8, 8, 8), mark(3, 3, 3, 1, 0, 0))).toBe('!');
    expect(await redis.get('f')).toBe(mark(9, 9, 9));
    expect(await redis.hget('i', 'lowered')).toBe('0');
  });

  test('finishSweep: 0 and nothing changed where the identity is another one, or went back', async () => {
    await identity();
    expect(await redis.finishSweep('i', 'g2', 0, 7, 5, 9)).toBe(0);
    expect(await redis.finishSweep('i', 'g1', 3, 7, 5, 9)).toBe(0);
    expect(await redis.hget('i', 'sweep')).toBe('0');
    expect(await redis.finishSweep('i', 'g1', 0, 7, 5, 9)).toBe(1);
    expect(await redis.hmget('i', 'sweep', 'sweepBefore', 'ledgerFrom', 'ledgerNext')).toEqual([
      '7',
      '0',
      '5',
      '9',
    ]);
  });

  test('keepLease: enters where none stands if it is asked to, keeps its own, and tells of another’s', async () => {
    expect(await redis.keepLease('l', A, 'pod-a', 600_000, 'renew')).toBe('absent');
    expect(await redis.exists('l')).toBe(0);
    expect(await redis.keepLease('l', A, 'pod-a', 600_000, 'enter')).toBe('kept');
    expect(await redis.get('l')).toBe(`${A} pod-a`);
    expect(await redis.pttl('l')).toBeGreaterThan(300_000);
    for (const how of ['enter', 'renew'] as const)
      expect(await redis.keepLease('l', B, 'pod-b', 900_000, how)).toBe('taken');
    expect(await redis.pttl('l')).toBeLessThanOrEqual(600_000);
    expect(await redis.keepLease('l', A, 'pod-a', 900_000, 'renew')).toBe('kept');
    expect(await redis.pttl('l')).toBeGreaterThan(600_000);
  });

  test('endLease: 1 where the lease was this instance’s and is gone, else 0', async () => {
    await redis.keepLease('l', A, 'pod-a', 60_000, 'enter');
    expect(await redis.endLease('l', B)).toBe(0);
    expect(await redis.exists('l')).toBe(1);
    expect(await redis.endLease('l', A)).toBe(1);
    expect(await redis.exists('l')).toBe(0);
    expect(await redis.endLease('l', A)).toBe(0);
  });

  /** With entries of 300 bytes and sums of 30 besides what is in them, in a roster of 1,000 bytes. */
  const change = (agents: readonly (readonly string[])[], tags: readonly (readonly string[])[] = []) =>
    redis.changeAgents(
      ...(['r', 'd', 's', 't', 'p', 'n', 'b'] as const),
      ...([1_000, 300, 30, agents.length] as const),
      ...[...agents, ...tags].flat(),
    );
  /** An agent with a record that was, if it is not empty, alive at the same place. */
  const alive = (id: string, was: string, is: string, dueAt = '50', place = 'pod-') =>
    [id, was, was === '' ? '0' : '1', is, place, was === '' ? '' : place, '7', dueAt, '0'] as const;
  /** A tag whose sum rises by an agent, a rate, one that waits and one that fails. */
  const rises = (tag: string, rate: string, who: string, out = '8007') =>
    [tag, '1', rate, '1', '1', 'E', out, who, ''] as const;

  test('changeAgents: enters records, adds to sums and counts bytes; who is silent or forgotten is out of them', async () => {
    expect(await change([alive(A, '', 'a'), alive(B, '', 'bb', '50', 'pot-')], [rises('x', '2000', A)])).toBe(
      'entered',
    );
    expect(await redis.hgetall('r')).toEqual({ [A]: 'a', [B]: 'bb' });
    expect(await redis.hgetall('n')).toEqual({ x: `1 2000 1 1 E 8007 ${A}` });
    expect(await redis.get('b')).toBe(String(600 + 3 + 31));
    expect(await change([alive(B, 'bb', 'b', '50', 'pot-')], [rises('x', '500', B, '8008')])).toBe('entered');
    expect(await redis.hgetall('n')).toEqual({ x: `2 2500 2 2 E 8007 ${A}` });
    const out = (agents: string, rate: string, left: string) =>
      ['x', agents, rate, '-1', '-1', '', '', '', left] as const;
    expect(await change([alive(A, 'a', 'a', '')], [out('-1', '-2000', `${B} ${A}`)])).toBe('entered');
    expect(await redis.hgetall('n')).toEqual({ x: '1 500 1 1 E - -' });
    const silent = [A, 'a', '0', 'a', 'pod-', 'pod-', '7', '', '0'];
    expect(await change([[B, 'b', '1', '', '', 'pot-', '', '', '0']], [out('-1', '-500', B)])).toBe(
      'entered',
    );
    expect(await redis.exists('n', 'd')).toBe(0);
    expect([await redis.zrange('s', '0', '-1'), await redis.zrange('p', '0', '-1')]).toEqual([
      [A],
      [`pod- ${A}`],
    ]);
    expect(await redis.get('b')).toBe('301');
    expect(await change([silent.with(3, '').with(4, '')])).toBe('entered');
    expect(await redis.keys('*')).toEqual([]);
  });

  test('changeAgents: changes nothing if one of them is not as it was read, or has no room', async () => {
    await change([alive(A, '', 'a')]);
    const stands = await redis.hgetall('r');
    const other = alive(B, '', 'b');
    for (const [index, is] of [
      [1, ''],
      [1, 'b'],
      [2, '0'],
    ] as const)
      expect(await change([other, alive(A, 'a', 'c').with(index, is)], [rises('x', '1', A)])).toBe('changed');
    expect(await change([other, alive('c', '', 'y'.repeat(99))], [rises('x'.repeat(300), '1', A)])).toBe(
      'full',
    );
    expect([await redis.hgetall('r'), await redis.exists('n'), await redis.get('b')]).toEqual([
      stands,
      0,
      '301',
    ]);
    // What does not grow needs no room.
    await redis.set('b', '2000');
    expect(await change([alive(A, 'a', 'b')])).toBe('entered');
  });

  test('changeAgents: tells of another process of an agent, alive beside one to be silent, silent beside a new one', async () => {
    await change([alive(A, '', 'a'), alive(B, '', 'b')]);
    const quiet = alive(A, 'a', 'a', '');
    expect(await change([quiet])).toBe('changed');
    // Of one that changes, too, the caller knows.
    expect(await change([quiet, alive(B, 'b', 'b', '')])).toBe('entered');
    expect(await change([alive('c', '', 'c')])).toBe('changed');
  });

  test('are of the type that the code declares', async () => {
    const answers: Record<keyof typeof REDIS_SCRIPTS, unknown> = {
      introduce: await identity(),
      raiseFences: await raiseAll([[1n, 2n]]),
      sweepFences: await sweep([1n]),
      finishSweep: await redis.finishSweep('i', 'g1', 0, 1, 5, 9),
      lowerFence: await lower('f', 'x', 'y'),
      confirmFences: await redis.confirmFences(2, 'i', 'f', 'g1', digits(2)),
      keepLease: await redis.keepLease('l', A, 'a', 1_000, 'enter'),
      endLease: await redis.endLease('l', A),
      changeAgents: await change([alive(A, '', 'a')]),
      takeLocks: await redis.takeLocks(1, 'k', 'x 1 1000'),
      releaseLocks: await redis.releaseLocks(1, 'k', 'x 1 1000'),
    };
    for (const [name, answer] of Object.entries(answers))
      expect([name, Array.isArray(answer) ? 'string[]' : typeof answer]).toEqual([
        name,
        signatureOf(name).result,
      ]);
  });

  test('NEGATIVE CONTROL: compared as Lua’s numbers, neighbours above 2^53 look alike and a fence is overtaken', async () => {
    const asNumbers = source('lua/raise-fences.lua').replace(
      'string.sub(current, 1, 19) > start',
      'tonumber(string.sub(current, 1, 19)) > tonumber(start)',
    );
    expect(asNumbers).toContain('tonumber');
    await identity();
    const [low, high, end] = [2n ** 62n, 2n ** 62n + 1n, 2n ** 62n + 100n];
    const stands = mark(high, 1, high);
    await redis.set('f', stands);
    expect(await raise(low, end)).toBe(`is ${stands}`);
    const args = ['g1', 'tag:a', digits(low), digits(end), digits(low), digits(end), '', ''];
    expect(await redis.eval(asNumbers, 3, 'i', 'c', 'f', ...args)).toEqual(['']);
  });
});
