import { describe, expect, test } from '@jest/globals';
import { readPlainHead } from './plain-head.ts';

const read = (text: string) => readPlainHead(Buffer.from(text, 'latin1'), 0);
const head = (...lines: string[]) =>
  `${['GET /v1/ids/demo HTTP/1.1', 'Host: a', ...lines].join('\r\n')}\r\n\r\n`;

describe('a plain head', () => {
  test('is a GET with Host and fields that frame nothing', () => {
    const text = head('Accept: */*', 'User-Agent: wrk', 'X-Request-Id: 7', 'AUTHORIZATION:  Bearer t ');
    expect(read(text)).toEqual({
      target: '/v1/ids/demo',
      host: 'a',
      accept: '*/*',
      authorization: 'Bearer t',
      keepAlive: true,
      length: text.length,
    });
  });

  test('ends where the next request begins', () => {
    expect(read(`${head()}${head()}`)?.length).toBe(head().length);
  });

  test.each([
    ['GET / HTTP/1.0\r\n\r\n', false],
    ['GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n', true],
    [head('Connection: close'), false],
    [head('connection: Keep-Alive'), true],
  ])('keeps the connection as HTTP says: %j', (text, keepAlive) => {
    expect(read(text)?.keepAlive).toBe(keepAlive);
  });

  test.each([
    ['cut', head().slice(0, -1)],
    ['another method', head().replace('GET', 'POST')],
    ['a method in small letters', head().replace('GET', 'get')],
    ['another version', head().replace('1.1', '1.2')],
    ['two spaces', head().replace('GET ', 'GET  ')],
    ['an escape', head().replace('demo', 'de%6do')],
    ['an absolute target', head().replace('/v1', 'http://a/v1')],
    ['a fragment', head().replace('demo', 'demo#x')],
    ['a body', head('Content-Length: 5')],
    ['a body of no length', head('Content-Length: 0')],
    ['a chunked body', head('Transfer-Encoding: chunked')],
    ['a wish to go on', head('Expect: 100-continue')],
    ['an upgrade', head('Connection: upgrade', 'Upgrade: websocket')],
    ['two options of the connection', head('Connection: keep-alive, close')],
    ['Connection twice', head('Connection: close', 'Connection: keep-alive')],
    ['Host twice', head('Host: b')],
    ['no Host', head().replace('Host: a\r\n', '')],
    ['Authorization twice', head('Authorization: a', 'Authorization: b')],
    ['a folded field', head('X: a', ' b')],
    ['a space before the colon', head('X : a')],
    ['a field without a name', head(': a')],
    ['a bare line feed', head('X: a\nContent-Length: 5')],
    ['a bare carriage return', head('X: a\rb')],
    ['a byte beyond ASCII', head('X: \xe9')],
    ['a zero byte', head('X: \0')],
    ['an origin', head('Origin: http://elsewhere.example')],
    ['what a browser says of its page', head('Sec-Fetch-Site: cross-site')],
    ['a browser', head('User-Agent: Mozilla/5.0 (X11)')],
    ['a long head', head(`X: ${'a'.repeat(4_096)}`)],
    ['many fields', head(...Array.from({ length: 64 }, (_, n) => `X-${n}: a`))],
    ['an empty line first', `\r\n${head()}`],
  ])('is not one with %s', (_, text) => {
    expect(read(text)).toBeUndefined();
  });
});
