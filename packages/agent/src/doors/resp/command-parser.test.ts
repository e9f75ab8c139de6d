import { describe, expect, test } from '@jest/globals';
import { between, freshSeed, seededRandom } from '../../fakes/seeded-random.ts';
import { CommandParser, ProtocolError, SKIPPED } from './command-parser.ts';

function parse(...chunks: readonly (string | Buffer)[]): (readonly string[])[] {
  const parser = new CommandParser();
  const commands: (readonly string[])[] = [];
  for (const chunk of chunks) {
    parser.push(Buffer.from(chunk));
    for (let command = parser.next(); command !== undefined; command = parser.next()) commands.push(command);
  }
  return commands;
}

const bulkOf = (length: number) => `$${length}\r\n${'x'.repeat(length)}\r\n`;
const TWO = '*2\r\n$4\r\nINCR\r\n$6\r\ntäg x\r\n';

describe('commands', () => {
  test.each<[string, string, string[][]]>([
    ['an array of bulk strings', TWO, [['INCR', 't\u00c3\u00a4g x']]],
    [
      'several at once',
      TWO + TWO,
      [
        ['INCR', 't\u00c3\u00a4g x'],
        ['INCR', 't\u00c3\u00a4g x'],
      ],
    ],
    ['an argument with line ends in it', '*1\r\n$4\r\na\r\nb\r\n', [['a\r\nb']]],
    ['an empty argument', '*2\r\n$4\r\nECHO\r\n$0\r\n\r\n', [['ECHO', '']]],
    ['an inline command', '  PING  hello \r\n', [['PING', 'hello']]],
    ['an inline command with a bare line feed', 'PING\nPING\n', [['PING'], ['PING']]],
    ['empty lines and empty arrays, which are none', '\r\n\n*0\r\nPING\r\n', [['PING']]],
    ['one that has not come in full', '*2\r\n$4\r\nINCR\r\n$6\r\ntä', []],
  ])('%s', (_name, bytes, commands) => {
    expect(parse(bytes)).toEqual(commands);
  });

  test('are the same wherever the bytes are cut', () => {
    const bytes = Buffer.from(`${TWO}PING\r\n*0\r\n${TWO}`);
    const whole = parse(bytes);
    expect(whole).toHaveLength(3);
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second += 3) {
        const cut = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
        expect(parse(...cut)).toEqual(whole);
      }
    }
    expect(parse(...[...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
  });

  test.each([
    ['a request of HTTP', 'POST /x HTTP/1.1\r\n'],
    ['another method, in small letters', 'get / http/1.0\n'],
    ['the header that each has', 'Host: 127.0.0.1:6379\r\n'],
    ['a negative count', '*-1\r\n'],
    ['a count that is none', '*x\r\n'],
    ['no count', '*\r\n'],
    ['a count without a carriage return', '*1\n$4\nPING\n'],
    ['more arguments than are skipped', '*1048577\r\n'],
    ['an argument that is longer than is skipped', '*1\r\n$1048577\r\n'],
    ['arguments that are longer together', `*3\r\n${bulkOf(600_000)}${bulkOf(600_000)}`],
    ['a skipped argument longer than it says', `*1\r\n${bulkOf(2_000)}`.replace(/x\r\n$/, 'xx\r\n')],
    ['a skipped argument of another type', '*65\r\n:1\r\n'],
    ['a length beyond every number', `*1\r\n$${'9'.repeat(400)}\r\n`],
    ['an argument of another type', '*1\r\n:1\r\n'],
    ['an argument longer than it says', '*1\r\n$4\r\nPINGX\r\n'],
    ['a line without an end', 'x'.repeat(4_097)],
    ['a count without an end', `*${'1'.repeat(4_097)}`],
    ['a count of zeros without an end', `*${'0'.repeat(4_097)}`],
  ])('%s is a protocol error', (_name, bytes) => {
    expect(() => parse(bytes)).toThrow(ProtocolError);
  });

  describe('that are too large', () => {
    const LONG = `*3\r\n$3\r\nSET\r\n$1\r\na\r\n${bulkOf(2_000)}`;
    const MANY = `*101\r\n${bulkOf(3).repeat(101)}`;

    test.each([
      ['an argument of 2,000 bytes', LONG],
      ['101 arguments', MANY],
      ['both', `*70\r\n${bulkOf(1_025).repeat(70)}`],
      ['a line of 65 words', `${'a '.repeat(65)}\r\n`],
      ['as many bytes as are skipped', `*1\r\n${bulkOf(1_048_576 - 10)}`],
    ])('%s: are skipped, and the next one is read', (_name, bytes) => {
      expect(parse(`PING\r\n${bytes}PING\r\n`)).toEqual([['PING'], SKIPPED, ['PING']]);
    });

    test('are the same wherever the bytes are cut', () => {
      const bytes = Buffer.from(`${TWO}${LONG}${TWO}${MANY}PING\r\n`);
      const whole = parse(bytes);
      expect(whole).toEqual([...parse(TWO), SKIPPED, ...parse(TWO), SKIPPED, ['PING']]);
      for (let cut = 0; cut <= bytes.length; cut += 7) {
        expect(parse(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(whole);
      }
      expect(parse(...[...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
    });

    test('keep nothing of what was skipped, and are unfinished until their end', () => {
      const parser = new CommandParser();
      for (const [at, byte] of [...Buffer.from(LONG)].entries()) {
        parser.push(Buffer.from([byte]));
        expect(parser.next()).toBe(at === LONG.length - 1 ? SKIPPED : undefined);
        expect(parser.isMidway).toBe(at < LONG.length - 1);
      }
    });
  });

  const seed = freshSeed();
  test(`from random bytes are refused or read, and nothing else (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const pieces = ['*', '$', '\r\n', '\n', '1', '4', 'PING', '0', '-', 'ä', ' ', '\0', TWO];
    let refused = 0;
    for (let round = 0; round < 5_000; round++) {
      const bytes = Array.from(
        { length: between(random, 1, 40) },
        () => pieces[between(random, 0, pieces.length - 1)],
      );
      try {
        for (const command of parse(...bytes.map((piece) => piece ?? '')))
          expect(command.length).toBeGreaterThan(0);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(500);
  });
});
