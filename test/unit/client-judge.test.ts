import { describe, expect, test } from '@jest/globals';
import { type Given, judgeGrpc, judgeHttp, judgeRedis } from '../clients/judge.ts';

const value = (text: string | string[]) => ({ value: text });
const REDIS: Given = {
  one: [value('1'), value('2'), value('3')],
  block: value('13'),
  pair: value(['14', '15']),
  far: { error: 'OUT_OF_RANGE' },
  exact: value('9007199254741001'),
};

const ok = (body: string, type = 'text/plain') => ({ status: 200, type, body });
const HTTP: Given = {
  one: [ok('1'), ok('2'), ok('{"id":"3"}')],
  json: ok('{"id":"4"}', 'application/json; charset=utf-8'),
  batch: ok('5\n6\n7\n'),
  leaf: ok('8'),
  missing: { status: 404, type: 'application/problem+json', body: '{"status":404}' },
};

const GRPC: Given = {
  one: [value(['1']), value(['2']), value(['3'])],
  batch: value(['4', '5', '6']),
  missing: { error: '5 NOT_FOUND: There is no tag "no such"' },
};

describe('a client', () => {
  test('works if each step gives the ID after the last one', () => {
    expect(judgeRedis(REDIS, false)).toMatchObject({ fails: [] });
    expect(judgeRedis(REDIS, true).works).toEqual(['INCR', 'INCRBY', 'MULTI']);
    expect(judgeHttp(HTTP)).toMatchObject({ fails: [] });
    expect(judgeGrpc(GRPC)).toMatchObject({ fails: [] });
  });

  test('may lack transactions and commands of ours', () => {
    const { pair: _, exact: __, ...less } = REDIS;
    expect(judgeRedis(less, false)).toEqual({
      works: ['INCR', 'INCRBY', 'refusal is an error'],
      fails: [],
    });
  });

  test.each<[string, Given]>([
    ['an ID twice', { one: [value('1'), value('2'), value('2')] }],
    ['an ID lost in a transaction', { pair: value(['15', '16']) }],
    ['a refusal that became a number', { far: value('0') }],
    ['an ID that was rounded', { exact: value('9007199254741000') }],
    ['an error', { block: { error: 'ERR' } }],
  ])('NEGATIVE CONTROL: %s is found at the Redis door', (_, wrong) => {
    expect(judgeRedis({ ...REDIS, ...wrong }, false).fails).not.toEqual([]);
  });

  test.each<[string, Given]>([
    ['an ID burnt', { batch: ok('6\n7\n8\n') }],
    ['JSON that is none', { json: ok('4') }],
    ['a refusal with 200', { missing: ok('9') }],
    ['an error', { leaf: { error: 'no' } }],
  ])('NEGATIVE CONTROL: %s is found at the HTTP door', (_, wrong) => {
    expect(judgeHttp({ ...HTTP, ...wrong }).fails).not.toEqual([]);
  });

  test.each<[string, Given]>([
    ['an ID burnt', { batch: value(['5', '6', '7']) }],
    ['an ID of a tag that does not exist', { missing: value('1') }],
    ['another error', { missing: { error: '14 UNAVAILABLE' } }],
  ])('NEGATIVE CONTROL: %s is found at the gRPC door', (_, wrong) => {
    expect(judgeGrpc({ ...GRPC, ...wrong }).fails).not.toEqual([]);
  });
});
