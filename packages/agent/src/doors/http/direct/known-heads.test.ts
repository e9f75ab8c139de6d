import { describe, expect, test } from '@jest/globals';
import type { DirectRoute } from './direct-routes.ts';
import { KnownHeads } from './known-heads.ts';
import { readHead } from './plain-head.ts';

const ROUTE = {} as DirectRoute;
const bytesOf = (text: string) => Buffer.from(text, 'latin1');
const head = (...lines: string[]) =>
  bytesOf(`${['GET /v1/ids/demo HTTP/1.1', 'Host: a', ...lines].join('\r\n')}\r\n\r\n`);
const traced = (value: string, ...more: string[]) => head(`traceparent: ${value}`, 'Accept: */*', ...more);

/** What knows these heads, which were read one after the other. */
function knowing(...heads: Buffer[]): KnownHeads {
  const known = new KnownHeads();
  for (const each of heads) known.add(each, 1, ROUTE, true);
  return known;
}

describe('a head that was read', () => {
  test('is recognised by its bytes, wherever it begins', () => {
    const known = knowing(head('X: 1'));
    const both = Buffer.concat([head(), head('X: 1'), head()]);
    expect(known.find(both, head().length, 1)?.length).toBe(head('X: 1').length);
    expect(known.find(both, 0, 1)).toBeUndefined();
  });

  test('is forgotten once the tokens change', () => {
    expect(knowing(head()).find(head(), 0, 2)).toBeUndefined();
  });

  test('is recognised whatever the values that differed and change nothing', () => {
    const known = knowing(traced('00-a-1', 'X-Request-Id: 7'), traced('00-b-2', 'X-Request-Id: 8'));
    const other = traced('something else\t, and longer', 'X-Request-Id:');
    expect(known.find(other, 0, 1)?.length).toBe(other.length);
    expect(known.find(Buffer.concat([other, other]), other.length, 1)?.length).toBe(other.length);
  });

  test.each([
    ['a value that is cut', traced('00-c-3').subarray(0, 50)],
    ['a bare line feed in a value', traced('a\nContent-Length: 5')],
    ['a bare carriage return', traced('a\rb')],
    ['a zero byte', traced('a\0b')],
    ['a byte beyond ASCII', traced('\xe9')],
    ['a folded value', traced('a\r\n b')],
    ['a field more', traced('a\r\nContent-Length: 5')],
    ['another value that matters', head('traceparent: a', 'Accept: application/json')],
    ['another target', bytesOf(traced('a').toString().replace('demo', 'domo'))],
    ['a long value', traced('a'.repeat(4_096))],
  ])('is not recognised with %s', (_, text) => {
    const known = knowing(traced('00-a-1'), traced('00-b-2'));
    expect(known.find(text, 0, 1)).toBeUndefined();
  });

  test.each(['Host', 'Accept', 'Authorization', 'Connection', 'User-Agent', 'Content-Type', 'Upgrade'])(
    'keeps each value of %s apart',
    (name) => {
      const known = knowing(
        bytesOf(`GET / HTTP/1.0\r\n${name}: a\r\n\r\n`),
        bytesOf(`GET / HTTP/1.0\r\n${name}: b\r\n\r\n`),
      );
      expect(known.find(bytesOf(`GET / HTTP/1.0\r\n${name}: c\r\n\r\n`), 0, 1)).toBeUndefined();
    },
  );

  test('is one of four, of which the oldest is forgotten', () => {
    const heads = ['a', 'b', 'c', 'd', 'e'].map((tag) => bytesOf(`GET /v1/ids/${tag} HTTP/1.0\r\n\r\n`));
    const known = knowing(...heads);
    expect(heads.map((each) => known.find(each, 0, 1) !== undefined)).toEqual([
      false,
      true,
      true,
      true,
      true,
    ]);
  });

  test('reads as the reader would have read it, over random mutations', () => {
    const known = knowing(traced('00-a-1'), traced('00-b-2'));
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    let recognised = 0;
    for (let round = 0; round < 5_000; round++) {
      const text = Buffer.from(traced('00-c-3'));
      for (let change = random(3); change >= 0; change--) text[random(text.length)] = random(256);
      const found = known.find(text, 0, 1);
      if (found === undefined) continue;
      recognised += 1;
      const read = readHead(text, 0);
      expect(read).toEqual({ ...readHead(traced('00-c-3'), 0), length: found.length });
    }
    expect(recognised).toBeGreaterThan(50);
  });
});
