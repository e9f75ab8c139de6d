/**
 * The yardstick: the least that a `node:http` server can do, answering every request with the same digits. It isn't
 * TypeScript, because what Node loads to strip types would count as 15 MB of it.
 */
import { createServer } from 'node:http';

const server = createServer((_request, response) => {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end('1234567890123');
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on ${server.address().port}\n`);
});
