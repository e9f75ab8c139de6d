import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RedisLink } from '@leafcutter/coordinator/stores/redis/link';
import { ownWords } from '@leafcutter/coordinator/stores/trouble';
import { systemClock } from '@leafcutter/shared/system-clock';
import { PATIENCE_MS } from '../support/patience.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { freshPrefix, openLink } from './backends.ts';

let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis({ args: ['--databases', '1'] });
});
afterAll(() => redis?.dispose());

describe('a database that Redis does not have', () => {
  test('is told, and no other one is worked on in its place', async () => {
    const keyPrefix = freshPrefix();
    const link = new RedisLink(
      { url: `${redis.url}/5`, keyPrefix, commandTimeoutMs: PATIENCE_MS },
      systemClock,
    );
    const refusal = await link.connect().catch((error: unknown) => error);
    await link.run((client) => client.set(`${keyPrefix}x`, '1')).catch(() => undefined);
    link.close();
    expect(refusal).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      reason: 'redis_database',
      cause: expect.objectContaining({ message: expect.stringContaining('DB index is out of range') }),
    });
    const seen = await openLink(redis, keyPrefix);
    expect(await seen.run((client) => client.get(`${keyPrefix}x`))).toBeNull();
    seen.close();
  });
});

describe('why there is no connection is told in Redis’ own words', () => {
  const PASSWORD = { args: ['--requirepass', 'secret'] };
  test.each([
    ['no password', PASSWORD, '', 'NOAUTH'],
    ['a wrong password', PASSWORD, ':wrong@', 'WRONGPASS'],
    ['INFO renamed away', { args: ['--rename-command', 'INFO', 'other'] }, '', 'unknown command'],
    ['too many clients', { args: ['--maxclients', '1'] }, '', 'maxclients'],
  ])('%s', async (_what, options, user, says) => {
    // One that has renamed INFO, or asks for a password, answers PING all the same.
    await using server = await startRedis(options);
    const holder = says.startsWith('max') ? connect(server.port, '127.0.0.1') : undefined;
    if (holder !== undefined) await once(holder, 'connect');
    const url = server.url.replace('//', `//${user}`);
    const link = new RedisLink({ url, keyPrefix: freshPrefix(), commandTimeoutMs: PATIENCE_MS }, systemClock);
    const refusal = await link.connect().catch((error: unknown) => error);
    link.close();
    holder?.destroy();
    expect(ownWords(refusal)).toContain(says);
  });
});
