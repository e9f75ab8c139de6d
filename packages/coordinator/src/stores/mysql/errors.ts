import { LeafcutterError } from '@leafcutter/shared/errors';
import { RETRY_REASONS } from '../../domain/allocation/store.ts';
import { DuplicateKeyError, DuplicateNameError, UnstorableTextError } from '../sql/driver.ts';

/** The database chose us to give way: 1213 deadlock (also a failed certification), 1205 lock wait timeout. */
const GIVE_WAY = new Set([1205, 1213]);
const DUPLICATE_KEY = 1062;
/** 1060: a column of this name exists, 1061: an index. */
const DUPLICATE_NAME = new Set([1060, 1061]);
const UNKNOWN_VARIABLE = 1193;
/** A server that does not take writes: 1290 and 1836 read-only, 1047 not part of the cluster's primary component. */
const READ_ONLY = new Set([1290, 1836, 1047]);

/**
 * The server ended the statement or the session: 1053 shutdown, 1317, 1969 and 3024 statement interrupted,
 * 1927 and 3169 session killed, 4031 idle for too long. What a COMMIT did that ended so is not known.
 */
const ENDED = new Set([1053, 1317, 1927, 1969, 3024, 3169, 4031]);
/** A text was compared with a column whose charset cannot hold it: 1267, 1270, 1271 in MariaDB, 3988 in MySQL. */
const UNSTORABLE = new Set([1267, 1270, 1271, 3988]);

interface MysqlError {
  readonly errno?: number;
  readonly code?: string;
  readonly fatal?: boolean;
}

/** Of what only some servers know, such as a setting of Galera. */
export function isUnknownVariable(error: unknown): boolean {
  const cause = error instanceof LeafcutterError ? error.cause : error;
  return (cause as MysqlError | undefined)?.errno === UNKNOWN_VARIABLE;
}

/** The error of a server that takes no writes. */
export function readOnly(cause?: unknown): LeafcutterError {
  return unavailable('MySQL is read-only here; is this a replica?', RETRY_REASONS.readOnly, cause);
}

/** Turns a mysql2 error of a statement into one of ours; what is none of mysql2's passes through. */
export function translateMysqlError(error: unknown): unknown {
  if (error instanceof LeafcutterError || typeof error !== 'object' || error === null) return error;
  const { errno, code, fatal } = error as MysqlError;
  if (errno !== undefined && UNSTORABLE.has(errno))
    return new UnstorableTextError('no such text', { cause: error });
  if (errno === DUPLICATE_KEY) return new DuplicateKeyError('duplicate key', { cause: error });
  if (errno !== undefined && DUPLICATE_NAME.has(errno))
    return new DuplicateNameError('duplicate name', { cause: error });
  if (errno !== undefined && GIVE_WAY.has(errno))
    return unavailable('MySQL asked to try again.', RETRY_REASONS.deadlock, error);
  if (errno !== undefined && READ_ONLY.has(errno)) return readOnly(error);
  const ended = errno !== undefined && ENDED.has(errno);
  if (ended || fatal === true || code === undefined || !code.startsWith('ER_')) {
    return unavailable(
      'The connection to MySQL broke or answered too late.',
      RETRY_REASONS.connectionLost,
      error,
    );
  }
  return new LeafcutterError('INTERNAL', `MySQL refused a statement (${code}).`, { cause: error });
}

/** Reasons after which a connection must not be used again: it is in doubt, or leads to a server that takes no writes. */
const GIVE_UP: ReadonlySet<string | undefined> = new Set([
  RETRY_REASONS.connectionLost,
  RETRY_REASONS.commitUnclear,
  RETRY_REASONS.readOnly,
]);

export function mustGiveUpConnection(error: unknown): boolean {
  return error instanceof LeafcutterError && GIVE_UP.has(error.reason);
}

function unavailable(message: string, reason: string, cause?: unknown): LeafcutterError {
  return new LeafcutterError('STORE_UNAVAILABLE', message, { reason, cause });
}
