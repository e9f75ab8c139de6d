import { expect, test } from '@jest/globals';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { endpointsOf } from './endpoint.ts';
import { askableTag, numberFrom, oneOf, type Parameter, textLike } from './parameter.ts';

const endpoint = endpointsOf<{ readonly name: string }, never>();
const told = { summary: 'A test.', limits: { howOften: '', howLarge: '', makes: '', howLong: '' } };

const shelf = endpoint({
  at: 'POST /shelves/{shelf}',
  ...told,
  status: 201,
  path: { shelf: numberFrom(1, 9) },
  query: { order: oneOf('up', 'down'), limit: numberFrom(1, 100) },
  body: z.strictObject({ book: z.string() }),
  answer: z.strictObject({ text: z.string() }),
  handle: ({ name }, { path, query: { order = 'up', limit = 7 }, body }) => ({
    text: `${name} ${path.shelf + 1} ${order} ${limit} ${body.book}`,
  }),
});

/** What an endpoint answers, or throws. */
async function answerTo(asked: { shelf?: string; query?: object; body?: unknown }, asks = shelf) {
  const sent: unknown[] = [];
  const response = {
    setHeader: () => response,
    writeHead(status: number) {
      response.statusCode = status;
      return response;
    },
    statusCode: 0,
    end: (body?: string) => sent.push(response.statusCode, body === undefined ? 'nothing' : JSON.parse(body)),
  };
  const { shelf: number = '3', query = {}, body = { book: 'a' } } = asked;
  const request = { params: { shelf: number }, query, body } as unknown as Request;
  await asks.handle({ name: 'test' }, request, response as unknown as Response);
  return sent;
}

test('an endpoint reads what it describes, and answers what its handler gives', async () => {
  expect(await answerTo({})).toEqual([201, { text: 'test 4 up 7 a' }]);
  expect(await answerTo({ query: { order: 'down', limit: '9' } })).toEqual([
    201,
    { text: 'test 4 down 9 a' },
  ]);
});

test.each<[string, Parameters<typeof answerTo>[0], string]>([
  ['path', { shelf: '10' }, 'shelf must be a whole number from 1 to 9'],
  ['query', { query: { order: 'both' } }, 'order must be up or down'],
  ['query that is not described', { query: { odrer: 'up' } }, 'odrer is not a known parameter'],
  ['body', { body: { book: 1 } }, 'book: '],
  ['body that is missing', { body: null }, 'body: '],
])('an endpoint refuses a wrong %s', async (_, asked, said) => {
  await expect(answerTo(asked)).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    message: expect.stringContaining(said),
  });
});

test('an endpoint that describes no query takes any, and one that describes no answer sends none', async () => {
  const silent = endpoint({ at: 'POST /silent', ...told, status: 204, handle: () => undefined });
  expect(await answerTo({ query: { whatever: '1' } }, silent)).toEqual([204, 'nothing']);
});

test('an endpoint that writes by itself is sent nothing more', async () => {
  const written = endpoint({
    at: 'GET /written',
    ...told,
    media: { 'text/plain': z.string() },
    handle: (_door, _asked, { response }) => void response.writeHead(202).end('"by itself"'),
  });
  expect(await answerTo({}, written)).toEqual([202, 'by itself']);
});

test('a path whose parameters are not described does not load', () => {
  const at = 'GET /shelves/{shelf}';
  expect(() => endpoint({ at, ...told, handle: () => undefined })).toThrow('does not describe its path');
  const path = { book: textLike(z.string()) };
  expect(() => endpoint({ at, ...told, path, handle: () => undefined })).toThrow('its path');
});

test.each<[Parameter<unknown>, string, unknown]>([
  [numberFrom(1, 10), '7', 7],
  [oneOf('a', 'b', 'c'), 'b', 'b'],
  [textLike(z.string()), '', ''],
  [askableTag, 'ü.1', 'ü.1'],
])('a parameter reads its text', ({ read }, text, value) => {
  expect(read('x', text)).toBe(value);
});

test.each<[Parameter<unknown>, string, string]>([
  [numberFrom(1, 10), '11', 'x must be a whole number from 1 to 10.'],
  [oneOf('a'), 'b', 'x must be a.'],
  [oneOf('a', 'b', 'c'), 'd', 'x must be a, b or c.'],
  [askableTag, '\n', 'x must have 1 to 128 characters, none of them a control character.'],
])('a parameter refuses what it does not take', ({ read }, text, said) => {
  expect(() => read('x', text)).toThrow(said);
});
