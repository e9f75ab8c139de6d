import { expect, test } from '@jest/globals';
import { DuplicateKeyError, UnstorableTextError } from '../sql/driver.ts';
import { mustGiveUpConnection, translateConnectError, translateMysqlError } from './errors.ts';

const mysqlError = (errno: number, message = '', code = 'ER_SOME') =>
  Object.assign(new Error(message), { errno, code });

/** What an error becomes: its code and reason, and whether the connection is given up. */
function fate(error: unknown): string {
  const ours = translateMysqlError(error) as { code: string; reason: string | undefined };
  return `${ours.code} ${ours.reason}${mustGiveUpConnection(ours) ? ', given up' : ''}`;
}

// Out of space, of memory, of locks, of file handles; a log that cannot be written; a node that is not ready.
test.each([1021, 1026, 1037, 1038, 1041, 1114, 1206, 1665, 1180, 1030, 1005, 1146, 3100, 9999])(
  'what a database says that is not known (%d) is its own trouble: to be tried again, here or at another host',
  (errno) => {
    expect(fate(mysqlError(errno))).toBe('STORE_UNAVAILABLE refused, given up');
  },
);

test.each([
  ['EE_DELETE', 6, 'MySQL cannot do this now (EE_DELETE).'],
  [undefined, 4_200, 'MySQL cannot do this now (error 4200).'],
])('what a server answers is no lost connection, though it is named %s', (code, errno, message) => {
  const answer = Object.assign(new Error('its words'), { errno, code, sqlState: 'HY000' });
  expect(translateMysqlError(answer)).toMatchObject({ reason: 'refused', message });
});

test.each([
  [1020, 'STORE_UNAVAILABLE deadlock'],
  [1213, 'STORE_UNAVAILABLE deadlock'],
  [1792, 'STORE_UNAVAILABLE read_only, given up'],
  [1836, 'STORE_UNAVAILABLE read_only, given up'],
  [1317, 'STORE_UNAVAILABLE connection_lost, given up'],
  [1142, 'STORE_UNAVAILABLE rights'],
  [1364, 'STORE_UNAVAILABLE table'],
  [1264, 'STORE_UNAVAILABLE table'],
  [1064, 'INTERNAL undefined'],
])('%d is %s', (errno, becomes) => {
  expect(fate(mysqlError(errno))).toBe(becomes);
});

test('an option that prevents a statement is a read-only server if it says so', () => {
  const prevented = (option: string) =>
    mysqlError(1290, `The MariaDB server is running with the ${option} option so it cannot execute this`);
  expect(fate(prevented('--read-only'))).toContain('read_only');
  expect(fate(prevented('--super-read-only'))).toContain('read_only');
  expect(fate(prevented('--secure-file-priv'))).toContain('refused');
});

test('what rows and texts make of it is told apart', () => {
  expect(translateMysqlError(mysqlError(1062))).toBeInstanceOf(DuplicateKeyError);
  expect(translateMysqlError(mysqlError(3854))).toBeInstanceOf(UnstorableTextError);
});

test('a connection that is refused says why, without the words that name a user', () => {
  const denied = mysqlError(1045, "Access denied for user 'app'", 'ER_ACCESS_DENIED_ERROR');
  expect(translateConnectError(denied, false)).toMatchObject({
    reason: 'rights',
    message: 'MySQL does not let this user in (ER_ACCESS_DENIED_ERROR).',
  });
  const many = mysqlError(1040, 'Too many connections', 'ER_CON_COUNT_ERROR');
  expect(translateConnectError(many, true)).toMatchObject({ reason: 'connection_lost' });
  expect(translateConnectError(many, false)).toMatchObject({ reason: 'connections' });
  const none = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  expect(translateConnectError(none, false)).toMatchObject({ reason: 'unreachable' });
});
