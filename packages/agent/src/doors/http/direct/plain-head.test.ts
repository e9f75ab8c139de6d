import { describe, expect, test } from '@jest/globals';
import { readHead } from './plain-head.ts';

const read = (text: string) => readHead(Buffer.from(text, 'latin1'), 0);
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
    [head('Connection: Keep-Alive, TE', 'TE: deflate,gzip;q=0.3', 'Keep-Alive: 300'), true],
    [head('Connection: TE, close', 'TE: deflate,gzip;q=0.3'), false],
  ])('keeps the connection as HTTP says: %j', (text, keepAlive) => {
    expect(read(text)).toMatchObject({ target: expect.any(String), keepAlive });
  });

  test.each([
    [
      'Java’s client, JDK 17',
      [
        ...['Connection: Upgrade, HTTP2-Settings', 'Content-Length: 0'],
        ...['HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA', 'Upgrade: h2c'],
      ],
    ],
    ['Java’s client, JDK 17, HTTP/1.1', ['Content-Length: 0']],
    ['Caddy behind curl --http2', ['Connection: Upgrade', 'Upgrade: h2c']],
    ['nginx with its websocket snippet', ['Connection: upgrade', 'Accept: */*']],
    ['nginx behind curl --http2', ['HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA']],
    ['Spring, which says twice what it can unpack', ['Accept-Encoding: gzip', 'Accept-Encoding: deflate']],
    ['a type without a body', ['Content-Type: text/html']],
  ])('is that of %s', (_, fields) => {
    expect(read(head(...fields))).toMatchObject({ target: '/v1/ids/demo', keepAlive: true });
  });

  test.each([
    ['POST', head().replace('GET', 'POST'), 'method'],
    ['HEAD', head().replace('GET', 'HEAD'), 'method'],
    ['an escape', head().replace('demo', 'de%6do'), 'address'],
    ['a fragment', head().replace('demo', 'demo#x'), 'address'],
    ['a body', head('Content-Length: 5'), 'body'],
    ['the type of an empty body', head('Content-Length: 0', 'Content-Type: application/json'), 'body'],
    ['the encoding of an empty body', head('Content-Encoding: gzip', 'Content-Length: 0'), 'body'],
    ['Host twice', head('Host: b'), 'head'],
    ['no Host', head().replace('Host: a\r\n', ''), 'head'],
    ['Authorization twice', head('Authorization: a', 'Authorization: b'), 'head'],
    ['an origin', head('Origin: http://elsewhere.example'), 'browser'],
    ['what a browser says of its page', head('Sec-Fetch-Site: cross-site'), 'browser'],
    ['a browser', head('User-Agent: Mozilla/5.0 (X11)'), 'browser'],
  ])('is odd, and of known length, with %s', (_, text, odd) => {
    const body = Number(/Content-Length: (\d+)/.exec(text)?.[1] ?? 0);
    expect(read(text)).toEqual({ odd, length: text.length + body });
  });

  test.each([
    ['another method', head().replace('GET', 'BREW'), 'head'],
    ['a method in small letters', head().replace('GET', 'get'), 'head'],
    ['another version', head().replace('1.1', '1.2'), 'head'],
    ['two spaces', head().replace('GET ', 'GET  '), 'head'],
    ['an absolute target', head().replace('/v1', 'http://a/v1'), 'head'],
    ['CONNECT', head().replace('GET /v1/ids/demo', 'CONNECT a:80'), 'head'],
    ['a long body', head('Content-Length: 10000'), 'framing'],
    ['a length of no digits', head('Content-Length: +5'), 'framing'],
    ['a length in two ways', head('Content-Length: 05'), 'framing'],
    ['a list of lengths', head('Content-Length: 5, 5'), 'framing'],
    ['an empty length', head('Content-Length:'), 'framing'],
    ['two lengths', head('Content-Length: 0', 'Content-Length: 0'), 'framing'],
    ['a chunked body', head('Transfer-Encoding: chunked'), 'framing'],
    ['a length and chunks', head('Content-Length: 5', 'Transfer-Encoding: chunked'), 'framing'],
    ['a wish to go on', head('Expect: 100-continue'), 'framing'],
    ['an upgrade', head('Connection: upgrade', 'Upgrade: websocket'), 'framing'],
    ['two upgrades', head('Connection: upgrade', 'Upgrade: h2c', 'Upgrade: websocket'), 'framing'],
    ['options of the connection that contradict', head('Connection: keep-alive, close'), 'framing'],
    ['an unknown option', head('Connection: constructor'), 'framing'],
    ['an empty option', head('Connection: ,'), 'framing'],
    ['HTTP/1.0 with several', 'GET / HTTP/1.0\r\nConnection: TE, Keep-Alive\r\n\r\n', 'framing'],
    ['Connection twice', head('Connection: close', 'Connection: keep-alive'), 'framing'],
    ['a proxy’s connection', head('Proxy-Connection: keep-alive'), 'framing'],
    ['a folded field', head('X: a', ' b'), 'head'],
    ['a space before the colon', head('X : a'), 'head'],
    ['a field without a name', head(': a'), 'head'],
    ['a bare line feed', head('X: a\nContent-Length: 5'), 'head'],
    ['a bare carriage return', head('X: a\rb'), 'head'],
    ['a byte beyond ASCII', head('X: \xe9'), 'head'],
    ['a zero byte', head('X: \0'), 'head'],
    ['a long head', head(`X: ${'a'.repeat(4_096)}`), 'head'],
    ['many fields', head(...Array.from({ length: 64 }, (_, n) => `X-${n}: a`)), 'head'],
    ['an empty line first', `\r\n${head()}`, 'head'],
    ['a POST that ends its connection', head('Connection: close').replace('GET', 'POST'), 'method'],
  ])('is odd, and nobody here says where it ends, with %s', (_, text, odd) => {
    expect(read(text)).toEqual({ odd, length: undefined });
  });

  test('may still come, whatever has come of it', () => {
    const text = head('Accept: */*', 'Content-Length: 0', 'X-1: ');
    for (let length = 0; length < text.length; length++) expect(read(text.slice(0, length))).toBeUndefined();
  });

  test.each([
    ['another protocol', 'INCR demo\r\n'],
    ['the beginning of one', 'INC'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n'],
    ['another version', 'GET / HTTP/2'],
    ['a target that is none', 'GET demo'],
    ['a bare line feed', 'GET / HTTP/1.1\nHost'],
    ['chunks', 'GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHo'],
    ['a fold', 'GET / HTTP/1.1\r\nX: a\r\n b'],
    ['a byte beyond ASCII', 'GET / HTTP/1.1\r\nX: \xe9'],
    ['4 KiB', `GET / HTTP/1.1\r\nX: ${'a'.repeat(4_096)}`],
  ])('is not waited for with %s', (_, text) => {
    expect(read(text)).toMatchObject({ odd: expect.any(String), length: undefined });
  });
});
