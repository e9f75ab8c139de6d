/** The head of a request whose framing is plain: it asks for nothing but an answer. */
export interface PlainHead {
  /** Path and query as they were sent. */
  readonly target: string;
  /** Empty without the field. */
  readonly host: string;
  readonly accept: string | undefined;
  readonly authorization: string | undefined;
  /** Whether the connection stays open after the answer. */
  readonly keepAlive: boolean;
  /** Bytes, with the empty line at the end. */
  readonly length: number;
}

/** Longer heads and longer lists of fields are left to the ordinary server, which takes or refuses them. */
const LONGEST_HEAD = 4_096;
const MOST_FIELDS = 64;

const END = '\r\n\r\n';
const FIRST_BYTE = 'G'.charCodeAt(0);
/** No escapes, no scheme, no fragment: the text means itself. */
const REQUEST_LINE = /^GET (\/[A-Za-z0-9._:\-/?=]*) HTTP\/1\.([01])$/;
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e]*)$/;

/** Fields that may change where the request ends, or what the connection speaks afterwards. */
const FRAMING = new Set([
  ...['content-length', 'transfer-encoding', 'trailer', 'te', 'expect'],
  ...['upgrade', 'http2-settings', 'keep-alive', 'proxy-connection'],
]);

/**
 * Fields in which a browser says that it is one, and on behalf of whose page it asks; the ordinary server judges
 * them.
 */
const OF_BROWSERS = new Set(['origin', 'sec-fetch-site']);
const BROWSER = 'Mozilla/';

/** Fields that are read here, each given at most once: it is not ours to say what a second one means. */
const READ = new Set(['host', 'accept', 'authorization', 'connection']);

/**
 * Reads a head that begins at `from`. Returns undefined if it is not plainly a bodyless GET of one message: a cut or
 * long head, another method or version, an escape, a field that frames, a byte that is not printable ASCII. It never
 * refuses: the ordinary server reads whatever is left to it from the same first byte. Its strictness makes that safe,
 * so in doubt it says no.
 */
export function readPlainHead(bytes: Buffer, from: number): PlainHead | undefined {
  if (bytes[from] !== FIRST_BYTE) return undefined;
  const end = bytes.indexOf(END, from, 'latin1');
  const length = end + END.length - from;
  if (end < 0 || length > LONGEST_HEAD) return undefined;
  const [line = '', ...lines] = bytes.toString('latin1', from, end).split('\r\n');
  const [, target, minor] = REQUEST_LINE.exec(line) ?? [];
  const fields = readFields(lines);
  if (target === undefined || fields === undefined) return undefined;
  // RFC 9112, 3.2: a request of HTTP/1.1 without Host is answered with 400.
  if (minor === '1' && !fields.has('host')) return undefined;
  const keepAlive = keepsAlive(fields.get('connection'), minor === '1');
  if (keepAlive === undefined) return undefined;
  return {
    target,
    host: fields.get('host') ?? '',
    accept: fields.get('accept'),
    authorization: fields.get('authorization'),
    keepAlive,
    length,
  };
}

/** The fields that are read here, by their name in lower case; undefined if one is not plain. */
function readFields(lines: readonly string[]): Map<string, string> | undefined {
  if (lines.length > MOST_FIELDS) return undefined;
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, given, value] = FIELD.exec(line) ?? [];
    if (given === undefined || value === undefined) return undefined;
    const name = given.toLowerCase();
    if (FRAMING.has(name) || OF_BROWSERS.has(name) || fields.has(name)) return undefined;
    if (name === 'user-agent' && value.trimStart().startsWith(BROWSER)) return undefined;
    if (READ.has(name)) fields.set(name, value.trim());
  }
  return fields;
}

/** HTTP/1.1 keeps a connection unless told otherwise, HTTP/1.0 only if asked; undefined if neither is said plainly. */
function keepsAlive(connection: string | undefined, byDefault: boolean): boolean | undefined {
  switch (connection?.toLowerCase()) {
    case undefined:
      return byDefault;
    case 'keep-alive':
      return true;
    case 'close':
      return false;
    default:
      return undefined;
  }
}
