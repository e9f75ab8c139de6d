import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { defineScripts, REDIS_SCRIPTS } from '@leafcutter/coordinator/redis-scripts';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../support/redis-server.ts';

jest.setTimeout(30_000);

const SOURCES = new URL('../../packages/coordinator/src/', import.meta.url);
const source = (path: string) => readFileSync(new URL(path, SOURCES), 'utf8');

interface Header {
  readonly keys: string[];
  readonly args: string[];
  readonly returns: string;
}

/** What a script says of itself in its opening comment. */
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
  const match = new RegExp(`^    ${name}\\(([^)]*)\\): Result<(\\w+), Context>;`, 'm').exec(
    source('redis-scripts.ts'),
  );
  if (match === null) throw new Error(`redis-scripts.ts declares no ${name}`);
  return {
    parameters: (match[1] as string).split(', ').map((one) => one.split(':')[0] as string),
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
    expect({ keys: highestUsed(lua, 'KEYS'), args: highestUsed(lua, 'ARGV') }).toEqual({
      keys: header.keys.length,
      args: header.args.length,
    });
  });

  test('is defined with as many keys as its header names', () => {
    expect(keys).toBe(header.keys.length);
  });

  test('is declared with its header’s keys and arguments, in order', () => {
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
const digits = (value: number | bigint) => String(value).padStart(19, '0');

describe('what the scripts return on a real Redis', () => {
  test('raiseFence: "" where it rose, else where it stands', async () => {
    expect(await redis.raiseFence('f', digits(1), digits(101))).toBe('');
    expect(await redis.get('f')).toBe(digits(101));
    expect(await redis.raiseFence('f', digits(100), digits(200))).toBe(digits(101));
    expect(await redis.get('f')).toBe(digits(101));
    expect(await redis.raiseFence('f', digits(101), digits(2n ** 63n - 1n))).toBe('');
    expect(await redis.raiseFence('f', digits(2n ** 63n - 2n), digits(2n ** 63n - 1n))).toBe(
      digits(2n ** 63n - 1n),
    );
    expect(await redis.ttl('f')).toBe(-1);
  });

  test('renewLease: 1 where the lease is this instance’s, else 0', async () => {
    expect(await redis.renewLease('l', A, 'pod-a', 60_000)).toBe(1);
    expect(await redis.get('l')).toBe(`${A} pod-a`);
    expect(await redis.pttl('l')).toBeGreaterThan(50_000);
    expect(await redis.renewLease('l', B, 'pod-b', 90_000)).toBe(0);
    expect(await redis.pttl('l')).toBeLessThanOrEqual(60_000);
    expect(await redis.renewLease('l', A, 'pod-a', 90_000)).toBe(1);
    expect(await redis.pttl('l')).toBeGreaterThan(60_000);
  });

  test('endLease: 1 where the lease was this instance’s and is gone, else 0', async () => {
    await redis.renewLease('l', A, 'pod-a', 60_000);
    expect(await redis.endLease('l', B)).toBe(0);
    expect(await redis.exists('l')).toBe(1);
    expect(await redis.endLease('l', A)).toBe(1);
    expect(await redis.exists('l')).toBe(0);
    expect(await redis.endLease('l', A)).toBe(0);
  });

  test('releaseLock: 1 where the lock was ours and is released, else 0', async () => {
    await redis.set('k', 'token-a');
    expect(await redis.releaseLock('k', 'token-b')).toBe(0);
    expect(await redis.exists('k')).toBe(1);
    expect(await redis.releaseLock('k', 'token-a')).toBe(1);
    expect(await redis.exists('k')).toBe(0);
    expect(await redis.releaseLock('k', 'token-a')).toBe(0);
  });

  test('are of the type that the code declares', async () => {
    const answers: Record<keyof typeof REDIS_SCRIPTS, unknown> = {
      raiseFence: await redis.raiseFence('f', digits(1), digits(2)),
      renewLease: await redis.renewLease('l', A, 'a', 1_000),
      endLease: await redis.endLease('l', A),
      releaseLock: await redis.releaseLock('k', 'x'),
    };
    for (const [name, answer] of Object.entries(answers))
      expect([name, typeof answer]).toEqual([name, signatureOf(name).result]);
  });

  test('NEGATIVE CONTROL: compared as Lua’s numbers, neighbours above 2^53 look alike and a fence is overtaken', async () => {
    const asNumbers = source('lua/raise-fence.lua').replace(
      'current > ARGV[1]',
      'tonumber(current) > tonumber(ARGV[1])',
    );
    expect(asNumbers).toContain('tonumber');
    const [low, high] = [digits(2n ** 62n), digits(2n ** 62n + 1n)];
    await redis.set('f', high);
    expect(await redis.raiseFence('f', low, digits(2n ** 62n + 100n))).toBe(high);
    expect(await redis.eval(asNumbers, 1, 'f', low, digits(2n ** 62n + 100n))).toBe('');
  });
});
