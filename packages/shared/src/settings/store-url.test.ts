import { describe, expect, test } from '@jest/globals';
import { readMysqlUrl, readRedisUrl, readSentinelUrl } from './store-url.ts';

const problem = (read: (url: string) => unknown, url: string) => {
  try {
    read(url);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

test('a URL is read into its fields, escapes and brackets gone', () => {
  expect(readMysqlUrl('mysql://me%40x:p%23%3Fw@[::1]:3307/ids%2Dtest')).toEqual({
    host: '::1',
    port: 3307,
    user: 'me@x',
    password: 'p#?w',
    database: 'ids-test',
    tls: undefined,
  });
  expect(readMysqlUrl('mysql://db/ids')).toMatchObject({ host: 'db', port: 3306, user: undefined });
  expect(readRedisUrl('redis://:secret@redis/5')).toEqual({
    host: 'redis',
    port: 6379,
    user: undefined,
    password: 'secret',
    database: '5',
    tls: undefined,
  });
  expect(readSentinelUrl('redis://s')).toMatchObject({ port: 26_379 });
  expect(readSentinelUrl('redis://s:1')).toMatchObject({ port: 1 });
  expect(readRedisUrl('rediss://redis')).toMatchObject({ database: undefined, tls: true });
});

describe('TLS', () => {
  test.each([
    ['ssl-mode=REQUIRED', true],
    ['sslmode=verify-full', true],
    ['sslMode=VERIFY_CA', true],
    ['ssl_mode=VERIFY_IDENTITY', true],
    ['tls=true', true],
    ['useSSL=true&requireSSL=true', true],
    ['ssl=1', true],
    ['ssl-mode=DISABLED', false],
    ['tls=false', false],
    ['useSSL=false', false],
  ])('is read as %s asks for it', (query, tls) => {
    expect(readMysqlUrl(`mysql://db/ids?${query}`).tls).toBe(tls);
    expect(readRedisUrl(`redis://redis?${query}`).tls).toBe(tls);
  });

  test.each([
    ['ssl-mode=PREFERRED', 'whether there is TLS'],
    ['sslmode=allow', 'whether there is TLS'],
    ['tls=skip-verify', 'always verified'],
    ['ssl={"rejectUnauthorized":false}', 'always verified'],
    ['tls=true&ssl=false', 'for TLS and for none'],
  ])('is not guessed from %s', (query, said) => {
    expect(problem(readMysqlUrl, `mysql://db/ids?${query}`)).toContain(said);
  });

  test('is not asked for and refused in one URL', () => {
    expect(problem(readRedisUrl, 'rediss://redis?tls=false')).toContain('rediss://');
  });
});

describe('any other key of the query is refused by its name, with the setting to use', () => {
  test.each([
    ['ssl-ca=/ca.pem', 'mysql.tls.caFile'],
    ['sslrootcert=/ca.pem', 'mysql.tls.caFile'],
    ['sslcert=/c.pem', 'mysql.tls.certFile'],
    ['ssl_key=/k.pem', 'mysql.tls.keyFile'],
    ['verifyServerCertificate=false', 'always verified'],
    ['connectionLimit=3', 'mysql.connectionLimit'],
    ['connectTimeout=3', 'mysql.statementTimeoutMs'],
    ['charset=utf8', 'leave it out'],
    ['multipleStatements=true', 'leave it out'],
  ])('mysql: %s', (query, said) => {
    const message = problem(readMysqlUrl, `mysql://db/ids?${query}`);
    expect(message).toContain(said);
    expect(message).toContain(`"${query.split('=')[0]}"`);
  });

  test.each([
    ['enableOfflineQueue=true', 'leave it out'],
    ['autoResendUnfulfilledCommands=true', 'leave it out'],
    ['db=5', 'redis://host:6379/5'],
    ['socket_timeout=3', 'redis.commandTimeoutMs'],
    ['keyPrefix=x', 'redis.keyPrefix'],
    ['sentinels=a', 'redis.sentinels'],
    ['ssl_cert_reqs=none', 'always verified'],
    ['ssl_ca_certs=/ca.pem', 'redis.tls.caFile'],
    ['password=x', 'before the host'],
  ])('redis: %s', (query, said) => {
    expect(problem(readRedisUrl, `redis://redis?${query}`)).toContain(said);
  });

  test('but what may be the end of a password is not shown', () => {
    const message = problem(readMysqlUrl, 'mysql://u:12?secret@db/ids');
    expect(message).toContain('%3F');
    expect(message).not.toContain('secret');
  });
});

test.each([
  [readMysqlUrl, 'mysql://db', 'must name the database'],
  [readMysqlUrl, 'mysql://db/', 'must name the database'],
  [readMysqlUrl, 'mysql://db/a/b', 'nothing after its database'],
  [readMysqlUrl, 'mysql://u:p%zz@db/ids', '%25'],
  [readMysqlUrl, 'mysql://u:1#2@db/ids', '%23'],
  [readRedisUrl, 'redis://redis/five', 'by its number'],
])('%p tells what is wrong with %s', (read, url, said) => {
  expect(problem(read, url)).toContain(said);
});
