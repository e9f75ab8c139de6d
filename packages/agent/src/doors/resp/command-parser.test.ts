import { describe, expect, test } from '@jest/globals';
import { between, freshSeed, seededRandom } from '../../fakes/seeded-random.ts';
import { CommandParser, ProtocolError } from './command-parser.ts';

function parse(...chunks: readonly (string | Buffer)[]): string[][] {
  const parser = new CommandParser();
  const commands: string[][] = [];
  for (const chunk of chunks) {
    parser.push(Buffer.from(chunk));
    for (let command = parser.next(); command !== undefined; command = parser.next()) commands.push(command);
  }
  return commands;
}

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
    ['too many arguments', '*65\r\n'],
    ['a negative count', '*-1\r\n'],
    ['a count that is none', '*x\r\n'],
    ['no count', '*\r\n'],
    ['a count without a carriage return', '*1\n$4\nPING\n'],
    ['an argument that is too long', '*1\r\n$1025\r\n'],
    ['a length beyond every number', `*1\r\n$${'9'.repeat(400)}\r\n`],
    ['an argument of another type', '*1\r\n:1\r\n'],
    ['an argument longer than it says', '*1\r\n$4\r\nPINGX\r\n'],
    ['a line without an end', 'x'.repeat(4_097)],
    ['a count without an end', `*${'1'.repeat(4_097)}`],
  ])('%s is a protocol error', (_name, bytes) => {
    expect(() => parse(bytes)).toThrow(ProtocolError);
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
