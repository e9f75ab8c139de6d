import type { Handover } from '../../../metrics/metrics.ts';

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

/** A request that is left to the ordinary server. */
export interface OddRequest {
  readonly odd: Handover;
  /** Bytes, with its body; undefined if only the ordinary server can tell, or the connection ends with it. */
  readonly length: number | undefined;
}

/** Longer heads and longer lists of fields are left to the ordinary server, which takes or refuses them. */
export const LONGEST_HEAD = 4_096;
const MOST_FIELDS = 64;

const END = '\r\n\r\n';
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'];
const REQUEST_LINE = new RegExp(`^(${METHODS.join('|')}) (\\/[\\x21-\\x7e]*) HTTP\\/1\\.([01])$`);
/** No escapes, no scheme, no fragment: the text means itself. */
const PLAIN_TARGET = /^\/[A-Za-z0-9._:\-/?=]*$/;
const NAME = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const FIELD = new RegExp(`^(${NAME}):([\\t\\x20-\\x7e]*)$`);
/** The line that is under way, perhaps with the first half of its end. */
const BEGUN_FIELD = new RegExp(`^(${NAME}(:[\\t\\x20-\\x7e]*)?)?\\r?$`);

/** Fields that change where the request ends, or may: the parser of `node:http` obeys them, each in its own way. */
const UNCLEAR = new Set(['transfer-encoding', 'trailer', 'expect', 'proxy-connection']);
/** Fields that frame a request, in values that are plain, and once. */
const FRAMING = new Set(['content-length', 'connection', 'upgrade']);
/** Other fields that are read here. It is not ours to say what a second one means. */
const READ = new Set(['host', 'accept', 'authorization', 'user-agent', 'content-type', 'content-encoding']);

/**
 * Fields in which a browser says that it is one, and on behalf of whose page it asks; the ordinary server judges
 * them.
 */
const OF_BROWSERS = new Set(['origin', 'sec-fetch-site']);
const BROWSER = 'Mozilla/';

/** What a client may say of its connection that changes nothing. An upgrade counts if it is to anything but `h2c`. */
const HARMLESS = new Set(['te', 'http2-settings', 'upgrade']);
/** The one protocol whose offer is declined in silence. Java's client and `curl --http2` make it. */
const DECLINED = 'h2c';
const OPTIONS = /^[a-z0-9-]+(, ?[a-z0-9-]+)*$/;
/** A longer body is left to the ordinary server with all that follows it. */
const BODY_LENGTH = /^(0|[1-9][0-9]{0,3})$/;

/** True if a field with this name, in small letters, says nothing to either server, whatever its value. */
export function changesNothing(name: string): boolean {
  return ![UNCLEAR, FRAMING, READ, OF_BROWSERS].some((names) => names.has(name));
}

/**
 * Reads a head that begins at `from`: plainly a bodyless GET of one message, or odd. Undefined if the bytes are the
 * beginning of a head that may still become either. It never refuses: the ordinary server reads what is odd from the
 * same first byte, and judges it. What makes that safe is strictness: in doubt it says that it does not know where the
 * request ends, and from then on nobody but the ordinary server reads this connection.
 */
export function readHead(bytes: Buffer, from: number): PlainHead | OddRequest | undefined {
  const end = bytes.indexOf(END, from, 'latin1');
  const length = end + END.length - from;
  if (end < 0) return readBeginning(bytes, from);
  if (length > LONGEST_HEAD) return unclear('head');
  const [line = '', ...lines] = bytes.toString('latin1', from, end).split('\r\n');
  const [, method, target, minor] = REQUEST_LINE.exec(line) ?? [];
  const fields = readFields(lines);
  if (target === undefined) return unclear('head');
  if (typeof fields === 'string') return unclear(fields);
  const { read, odd } = fields;
  const body = BODY_LENGTH.exec(read.get('content-length') ?? '0');
  const keepAlive = keepsAlive(read.get('connection'), minor === '1');
  if (body === null || keepAlive === undefined) return unclear('framing');
  const why = odd ?? oddness(method, target, minor, read);
  if (why !== undefined) return { odd: why, length: keepAlive ? length + Number(body[0]) : undefined };
  return {
    target,
    host: read.get('host') ?? '',
    accept: read.get('accept'),
    authorization: read.get('authorization'),
    keepAlive,
    length,
  };
}

function unclear(odd: Handover): OddRequest {
  return { odd, length: undefined };
}

/** Why a request that frames plainly is not plain. */
function oddness(
  method: string | undefined,
  target: string,
  minor: string | undefined,
  read: ReadonlyMap<string, string>,
): Handover | undefined {
  if (method !== 'GET') return 'method';
  if (!PLAIN_TARGET.test(target)) return 'address';
  // RFC 9112, 3.2: a request of HTTP/1.1 without Host is answered with 400.
  if (minor === '1' && !read.has('host')) return 'head';
  const length = read.get('content-length');
  if (length === undefined) return undefined;
  // With a length, even of nothing, there is a body, and its type and encoding are judged.
  return length !== '0' || read.has('content-type') || read.has('content-encoding') ? 'body' : undefined;
}

/** The bytes may become a head that is read here, or else they get their answer now, whatever follows. */
function readBeginning(bytes: Buffer, from: number): OddRequest | undefined {
  if (bytes.length - from >= LONGEST_HEAD) return unclear('head');
  const [line = '', ...lines] = bytes.toString('latin1', from).split('\r\n');
  const last = lines.pop();
  if (last === undefined) return isBegun(line) ? undefined : unclear('head');
  if (!REQUEST_LINE.test(line) || !BEGUN_FIELD.test(last)) return unclear('head');
  const fields = readFields(lines);
  return typeof fields === 'string' ? unclear(fields) : undefined;
}

/** True for the beginning of a request line. */
function isBegun(line: string): boolean {
  const [method = '', target, version = '', ...more] = line.split(' ');
  if (target === undefined) return METHODS.some((one) => one.startsWith(method));
  const isVersion = ['HTTP/1.1\r', 'HTTP/1.0\r'].some((one) => one.startsWith(version));
  return METHODS.includes(method) && /^(\/[\x21-\x7e]*)?$/.test(target) && isVersion && more.length === 0;
}

/** The fields that are read here, by their name in lower case, and why the request is odd; or why it is unclear. */
function readFields(
  lines: readonly string[],
): { readonly read: Map<string, string>; readonly odd: Handover | undefined } | Handover {
  if (lines.length > MOST_FIELDS) return 'head';
  const read = new Map<string, string>();
  let odd: Handover | undefined;
  for (const line of lines) {
    const [, given, value] = FIELD.exec(line) ?? [];
    if (given === undefined || value === undefined) return 'head';
    const name = given.toLowerCase();
    if (UNCLEAR.has(name) || (FRAMING.has(name) && read.has(name))) return 'framing';
    if (name === 'upgrade' && value.trim() !== DECLINED) return 'framing';
    if (OF_BROWSERS.has(name) || (name === 'user-agent' && value.trimStart().startsWith(BROWSER)))
      odd = 'browser';
    else if (read.has(name)) odd ??= 'head';
    if (FRAMING.has(name) || READ.has(name)) read.set(name, value.trim());
  }
  return { read, odd };
}

/**
 * HTTP/1.1 keeps a connection unless told otherwise, HTTP/1.0 only if asked; undefined if neither is said plainly.
 */
function keepsAlive(connection: string | undefined, byDefault: boolean): boolean | undefined {
  if (connection === undefined) return byDefault;
  const said = connection.toLowerCase();
  if (!OPTIONS.test(said)) return undefined;
  const options = said.split(/, ?/).filter((option) => !byDefault || !HARMLESS.has(option));
  if (options.length === 0) return byDefault;
  const [option, ...others] = options;
  if (others.length > 0) return undefined;
  if (option === 'keep-alive') return true;
  return option === 'close' ? false : undefined;
}
