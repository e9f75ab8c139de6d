/** Where a store is and how to speak to it, read from a URL. Drivers get these fields, never the text. */
export interface StorePlace {
  /** A host name or an IP address, IPv6 without brackets; for Redis behind Sentinels, the master's name. */
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** For Redis, its number. Undefined if none is named. */
  readonly database: string | undefined;
  /** Undefined if the URL says nothing about it. */
  readonly tls: boolean | undefined;
}

type StoreKind = 'mysql' | 'redis';

const DEFAULT_PORT = { mysql: 3306, redis: 6379 } as const;
const SENTINEL_PORT = 26_379;

/** How clients of either store ask for TLS, without blanks, dashes and case. */
const TLS_KEYS: ReadonlySet<string> = new Set([
  'ssl',
  'sslmode',
  'tls',
  'tlsmode',
  'usessl',
  'usetls',
  'requiressl',
]);
const TLS_ON: ReadonlySet<string> = new Set([
  ...['true', '1', 'yes', 'on', 'require', 'required'],
  ...['verifyca', 'verifyidentity', 'verifyfull'],
]);
const TLS_OFF: ReadonlySet<string> = new Set(['false', '0', 'no', 'off', 'disable', 'disabled']);
/** With these, clients go on in plaintext if the server has no TLS. */
const TLS_PERHAPS: ReadonlySet<string> = new Set(['allow', 'prefer', 'preferred']);

/** What other programs write in the query, and what to do instead. */
const INSTEAD: readonly (readonly [StoreKind, RegExp, string])[] = [
  ['mysql', /^(ssl|tls)root(cert|ca)$|^(ssl|tls)ca/, 'set mysql.tls.caFile instead'],
  ['mysql', /^(ssl|tls)(client)?cert/, 'set mysql.tls.certFile instead'],
  ['mysql', /^(ssl|tls)(client)?key/, 'set mysql.tls.keyFile instead'],
  [
    'mysql',
    /verif|rejectunauthorized/,
    'leave it out, certificates are always verified: see mysql.tls.caFile',
  ],
  ['mysql', /pool|connectionlimit|maxconn/, 'set mysql.connectionLimit instead'],
  ['mysql', /timeout/, 'set mysql.statementTimeoutMs instead'],
  [
    'mysql',
    /^(database|db|dbname|schema)$/,
    'write the database after the host: mysql://host:3306/leafcutter',
  ],
  ['redis', /^(ssl|tls)ca|rootcert/, 'set redis.tls.caFile instead'],
  [
    'redis',
    /^(ssl|tls)(client)?certreqs|verif|rejectunauthorized|checkhostname/,
    'leave it out, certificates are always verified: see redis.tls.caFile',
  ],
  ['redis', /^(ssl|tls)(client)?cert/, 'set redis.tls.certFile instead'],
  ['redis', /^(ssl|tls)(client)?key/, 'set redis.tls.keyFile instead'],
  ['redis', /^(servername|sni)$/, 'set redis.tls.serverName instead'],
  ['redis', /timeout/, 'set redis.commandTimeoutMs instead'],
  ['redis', /^(keyprefix|prefix)$/, 'set redis.keyPrefix instead'],
  ['redis', /sentinel|mastername|^name$/, 'set redis.sentinels instead'],
  ['redis', /^(database|db|dbindex)$/, 'write the database after the host: redis://host:6379/5'],
  ['redis', /^(user|username|password|auth)$/, 'write it before the host: redis://user:password@host'],
  ['mysql', /^(user|username|password)$/, 'write it before the host: mysql://user:password@host'],
];

/** A key that may be shown. Anything else may be the end of a password that contains a question mark. */
const SHOWN_KEY = /^[A-Za-z][A-Za-z0-9_.-]{0,39}$/;

/** What is wrong with a store's URL; the message ends the sentence "mysql.url is ***: …". */
export class StoreUrlError extends Error {
  override readonly name = 'StoreUrlError';
}

/** Reads `mysql://user:password@host:port/database`. @throws StoreUrlError */
export function readMysqlUrl(text: string): StorePlace & { readonly database: string } {
  const { database, ...place } = read('mysql', text);
  if (database === undefined)
    throw new StoreUrlError('must name the database, as in mysql://user:password@host:3306/leafcutter');
  return { ...place, database };
}

/** Reads `redis://user:password@host:port/number`, or `rediss://` for TLS. @throws StoreUrlError */
export function readRedisUrl(text: string): StorePlace {
  const place = read('redis', text);
  if (place.database !== undefined && !/^\d{1,9}$/.test(place.database))
    throw new StoreUrlError('must name the database by its number, as in redis://host:6379/5');
  const isSecure = text.startsWith('rediss:');
  if (isSecure && place.tls === false)
    throw new StoreUrlError('must not ask for TLS by rediss:// and for none in its query');
  return { ...place, tls: isSecure ? true : place.tls };
}

/** Reads the URL of a Sentinel. @throws StoreUrlError */
export function readSentinelUrl(text: string): StorePlace {
  const { port } = new URL(text);
  const place = readRedisUrl(text);
  return port === '' ? { ...place, port: SENTINEL_PORT } : place;
}

function read(kind: StoreKind, text: string): StorePlace {
  const { hostname, port, username, password, pathname, searchParams, hash } = new URL(text);
  if (hash !== '') throw new StoreUrlError('must not have a #; in a password write %23');
  const path = pathname.replace(/^\//, '');
  if (path.includes('/')) throw new StoreUrlError('must have nothing after its database');
  return {
    host: decoded(hostname).replace(/^\[|\]$/g, ''),
    port: Number(port || DEFAULT_PORT[kind]),
    user: username === '' ? undefined : decoded(username),
    password: password === '' ? undefined : decoded(password),
    database: path === '' ? undefined : decoded(path),
    tls: readTls(kind, searchParams),
  };
}

/** The query may only speak about TLS: anything else in it would be ignored. */
function readTls(kind: StoreKind, query: URLSearchParams): boolean | undefined {
  let tls: boolean | undefined;
  for (const [key, value] of query) {
    const plainKey = plain(key);
    if (!TLS_KEYS.has(plainKey)) throw unknownKey(kind, key, plainKey);
    const asked = readTlsWord(key, plain(value));
    if (tls !== undefined && tls !== asked)
      throw new StoreUrlError('must not ask for TLS and for none in its query');
    tls = asked;
  }
  return tls;
}

function readTlsWord(key: string, value: string): boolean {
  if (TLS_ON.has(value)) return true;
  if (TLS_OFF.has(value)) return false;
  throw new StoreUrlError(
    TLS_PERHAPS.has(value)
      ? `must not leave it to the server whether there is TLS ("${key}"); say ${key}=required or ${key}=disabled`
      : `must have "${key}" as required or disabled; certificates are always verified`,
  );
}

function unknownKey(kind: StoreKind, key: string, plainKey: string): StoreUrlError {
  if (!SHOWN_KEY.test(key))
    return new StoreUrlError('must have no query except for TLS; in a password write ? as %3F');
  const [, , instead] = INSTEAD.find(([of, pattern]) => of === kind && pattern.test(plainKey)) ?? [];
  return new StoreUrlError(
    `must not have "${key}" in its query; ${instead ?? 'leave it out, Leafcutter sets itself what it needs'}`,
  );
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[\s_-]/g, '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new StoreUrlError('must not have a % that begins no escape; write it as %25', { cause });
  }
}
