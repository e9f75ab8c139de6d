import { LeafcutterError } from '@leafcutter/shared/errors';
import { RETRY_REASONS } from '../../domain/allocation/store.ts';
import { DuplicateKeyError, DuplicateNameError, UnstorableTextError } from '../sql/driver.ts';

/**
 * The database chose us to give way: 1213 deadlock (also a failed certification), 1205 lock wait timeout, 1020 the row
 * changed since this transaction began.
 */
const GIVE_WAY = new Set([1020, 1205, 1213]);
const DUPLICATE_KEY = 1062;
/** 1060: a column of this name exists, 1061: an index. */
const DUPLICATE_NAME = new Set([1060, 1061]);
/** 1193: the server knows no such variable, 1227: this user may not set it. */
const UNSETTABLE = new Set([1193, 1227]);
/** A server that does not take writes: 1036 and 1836 read-only, 1792 its transactions are, 1047 not part of the cluster's primary component. */
const READ_ONLY = new Set([1036, 1047, 1792, 1836]);
/** Some option of the server's stands against the statement; which one, the message says. */
const OPTION_PREVENTS = 1290;
/** The user may not: 1044, 1045, 1698 come in; 1142, 1143, 1227, 1370 do this; 1820, 1862 with this password; 3118 locked. */
const RIGHTS = new Set([1044, 1045, 1142, 1143, 1227, 1370, 1698, 1820, 1862, 3118]);

/** No further connection: 1040 for anybody, 1203 and 1226 for this user. */
const CROWDED = new Set([1040, 1203, 1226]);

/**
 * The server ended the statement or the session: 1053 shutdown, 1317, 1969 and 3024 statement interrupted, 1927 and
 * 3169 session killed, 4031 idle for too long. After such an end, nobody knows what a COMMIT did.
 */
const ENDED = new Set([1053, 1317, 1927, 1969, 3024, 3169, 4031]);
/**
 * A text was compared with a column whose charset cannot hold it: 1267, 1270, 1271 in MariaDB, 3988 in MySQL, 3854 from 9.7 on.
 */
const UNSTORABLE = new Set([1267, 1270, 1271, 3854, 3988]);
/**
 * A table of another form than Leaf's takes no such row: 1048, 1364 a column must be given, 1264, 1265, 1292, 1366, 1406,
 * 1690 a value does not fit, 3819 and 4025 a check, 1452 a foreign key, 1644 a trigger, 1288, 1348, 1471 a view, 1526 and 1748 a partition.
 */
const TABLE = new Set([
  ...[1048, 1264, 1265, 1288, 1292, 1348, 1364, 1366, 1406, 1452, 1471, 1526, 1644, 1690, 1748, 3819, 4025],
]);
/** Statements that no server would take: 1064 syntax, 1136, 1210, 1222, 1318 other numbers of columns or arguments. */
const OURS = new Set([1064, 1136, 1210, 1222, 1318]);

interface MysqlError {
  readonly errno?: number;
  readonly code?: string;
  readonly fatal?: boolean;
  readonly message?: string;
  /** Only of what a server answered. */
  readonly sqlState?: string;
}

/** True if a server answered this. mysql2 has no name for what only MariaDB says, and `EE_` for what its files said. */
const isAnswer = ({ sqlState, code = '' }: MysqlError) => sqlState !== undefined || code.startsWith('ER_');
const nameOf = ({ errno = 0, code = '' }: MysqlError) => code || `error ${errno}`;

/** Of what only some servers know, such as a setting of Galera, or not everybody may set. */
export function isUnsettable(error: unknown): boolean {
  const cause = error instanceof LeafcutterError ? error.cause : error;
  return UNSETTABLE.has((cause as MysqlError | undefined)?.errno ?? 0);
}

/** The error of a server that takes no writes. */
export function readOnly(cause?: unknown): LeafcutterError {
  return unavailable('MySQL is read-only here; is this a replica?', RETRY_REASONS.readOnly, cause);
}

/**
 * Turns a mysql2 error of a statement into one of ours; what is none of mysql2's passes through. What a database says is its
 * own trouble, which may pass or be mended there, unless it is known to be ours.
 */
export function translateMysqlError(error: unknown): unknown {
  if (error instanceof LeafcutterError || typeof error !== 'object' || error === null) return error;
  const { errno = 0, fatal, message = '' } = error as MysqlError;
  const name = nameOf(error as MysqlError);
  if (UNSTORABLE.has(errno)) return new UnstorableTextError('no such text', { cause: error });
  if (errno === DUPLICATE_KEY) return new DuplicateKeyError('duplicate key', { cause: error });
  if (DUPLICATE_NAME.has(errno)) return new DuplicateNameError('duplicate name', { cause: error });
  if (GIVE_WAY.has(errno)) return unavailable('MySQL asked to try again.', RETRY_REASONS.deadlock, error);
  if (READ_ONLY.has(errno) || (errno === OPTION_PREVENTS && /read[-_ ]only/i.test(message)))
    return readOnly(error);
  if (RIGHTS.has(errno))
    return unavailable(`MySQL does not allow this user to do that (${name}).`, 'rights', error);
  if (TABLE.has(errno))
    return unavailable(
      `A table in MySQL does not accept this row (${name}); does leaf_alloc still have Leaf's columns?`,
      'table',
      error,
    );
  if (OURS.has(errno))
    return new LeafcutterError('INTERNAL', `MySQL refused a statement (${name}).`, { cause: error });
  if (ENDED.has(errno) || fatal === true || !isAnswer(error as MysqlError)) {
    return unavailable(
      'The connection to MySQL broke, or the answer came too late.',
      RETRY_REASONS.connectionLost,
      error,
    );
  }
  return unavailable(`MySQL cannot do this now (${name}).`, RETRY_REASONS.refused, error);
}

/** True if the server answered that it gives no further connection. */
export function isCrowded(error: unknown): boolean {
  return CROWDED.has((error as MysqlError).errno ?? 0);
}

/** Why no connection was made: the server's own answer, or none. */
export function translateConnectError(error: unknown, areSeveral: boolean): LeafcutterError {
  const { errno = 0 } = error as MysqlError;
  const name = nameOf(error as MysqlError);
  if (RIGHTS.has(errno)) return unavailable(`MySQL does not let this user in (${name}).`, 'rights', error);
  if (isCrowded(error) && !areSeveral)
    return unavailable(`MySQL accepts no more connections (${name}).`, 'connections', error);
  const message = isAnswer(error as MysqlError)
    ? `MySQL accepts no connection (${name}).`
    : 'MySQL cannot be reached.';
  return unavailable(message, areSeveral ? RETRY_REASONS.connectionLost : 'unreachable', error);
}

/** What a whole server suffers from, and not one row or one moment. */
const SERVERS: ReadonlySet<string | undefined> = new Set([
  ...[RETRY_REASONS.connectionLost, RETRY_REASONS.commitUnclear],
  ...[RETRY_REASONS.readOnly, RETRY_REASONS.refused],
  ...['unreachable', 'connections', 'rights', 'session', 'binlog_format', 'engine'],
]);

/** True if `error` says that MySQL as such does not serve. */
export function isServersTrouble(error: unknown): error is LeafcutterError {
  return error instanceof LeafcutterError && SERVERS.has(error.reason);
}

const TIMED_OUT = 'STATEMENT_TIMED_OUT';

/** Of a statement that the server did not answer in time. */
export function statementTimedOut(): Error {
  return Object.assign(new Error('MySQL did not answer the statement in time'), { code: TIMED_OUT });
}

/** True if a statement was given up. The server may hold up writes, as for a backup, and go on answering what only reads. */
export function isTimeout(error: unknown): boolean {
  if (error instanceof LeafcutterError) return isTimeout(error.cause);
  return (error as MysqlError | undefined)?.code === TIMED_OUT;
}

/** Reasons after which a connection must not be used again: it is in doubt, or leads to a server that cannot be used. */
const GIVE_UP: ReadonlySet<string | undefined> = new Set([
  ...[
    RETRY_REASONS.connectionLost,
    RETRY_REASONS.commitUnclear,
    RETRY_REASONS.readOnly,
    RETRY_REASONS.refused,
  ],
  ...['session', 'binlog_format', 'engine'],
]);

export function mustGiveUpConnection(error: unknown): boolean {
  return error instanceof LeafcutterError && GIVE_UP.has(error.reason);
}

function unavailable(message: string, reason: string, cause?: unknown): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', message, { reason, cause });
}
