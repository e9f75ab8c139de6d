import { LeafcutterError } from '@leafcutter/shared/errors';
import { Scope, type Tokens } from '@leafcutter/shared/http/tokens';
import { MAX_COUNT } from '@leafcutter/shared/tag';
import { VERSION } from '@leafcutter/shared/version';
import type { ExactId } from '../../domain/segments/segment-buffer.ts';
import type { Dispenser } from '../dispenser.ts';
import { aboutCommands, cluster, info, type RespAddress } from './about-server.ts';
import { SKIPPED } from './command-parser.ts';
import { refuseForeign } from './foreign-commands.ts';
import { array, arrayOf, bulk, failure, integer, map, nothing, OK, textOf } from './replies.ts';
import { Transaction } from './transaction.ts';

/** What a connection has agreed on. */
export interface Session {
  readonly id: number;
  version: 2 | 3;
  /** The token that it presented last; undefined if none. */
  token: string | undefined;
  /** What the token opens; undefined if it is not valid. It was looked up at this version of the tokens. */
  scope: Scope | undefined;
  scopeVersion: number;
  name: string;
  /** The last command that was let through. */
  admitted: Admitted | undefined;
  /** Between MULTI and its end. */
  transaction: Transaction | undefined;
  /** What EXEC has begun to answer, the next command last. */
  running: (readonly string[])[];
  /** CLIENT TRACKING is on, of a server whose values nobody can keep. */
  tracking: boolean;
  /** Where the client found this door; undefined at a Unix socket. */
  readonly endpoint: RespAddress | undefined;
  /** True after QUIT: what follows is not answered. */
  quitting: boolean;
  /** Ends waits when the connection is gone. */
  readonly gone: AbortSignal;
}

/**
 * A command that was let through. As it was read, it may run again without being looked at for as long as the tokens,
 * and what the session shows of them, are the same: clients that pipeline repeat themselves.
 */
interface Admitted {
  readonly words: readonly string[];
  /** Of the tokens. */
  readonly version: number;
  readonly command: Command;
  readonly name: string;
  readonly args: readonly string[];
}

/** What the commands of all connections work with. */
export interface Commands {
  readonly ids: Dispenser;
  readonly tokens: Tokens;
  readonly allowUnsafeIntegers: boolean;
  /** What clients in cluster mode are told instead of where they came to. */
  readonly announced: RespAddress | undefined;
}

type Answer = string | Promise<string>;

interface Command {
  /** Arguments, without the name. */
  readonly least: number;
  readonly most: number;
  readonly withoutToken?: true;
  /** Runs in a transaction, too, where all others wait for EXEC. */
  readonly atOnce?: true;
  /** What the token must open; of a tag, the first argument is its name. */
  readonly opens?: 'tag' | 'snowflake';
  readonly run: (commands: Commands, session: Session, args: readonly string[]) => Answer;
}

/**
 * No refusal of an ID begins with ERR: phpredis makes `false` of it, which is the number 0. What begins with another word
 * is an error to every client, and BAD_REQUEST and NOPERM are final.
 */
const NOT_A_COUNT = failure(`BAD_REQUEST value is not an integer or out of range: 1 to ${MAX_COUNT}`);
const TOO_LARGE = failure(
  'NOPERM the command was too large and was skipped: no command that returns IDs has so many or so long arguments',
);
const ANY = Number.POSITIVE_INFINITY;

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries<Command>({
    incr: {
      least: 1,
      most: 1,
      opens: 'tag',
      run: (commands, session, args) => incr(commands, session, args[0] ?? ''),
    },
    incrby: {
      least: 2,
      most: 2,
      opens: 'tag',
      run: (commands, session, [tag = '', n]) => incrBy(commands, session, tag, n),
    },
    'lc.next': {
      least: 1,
      most: 2,
      opens: 'tag',
      run: ({ ids }, session, [tag = '', n]) => next(ids, session, tag, n),
    },
    'lc.snowflake': {
      least: 0,
      most: 1,
      opens: 'snowflake',
      run: ({ ids }, session, [n]) => snowflake(ids, session, n),
    },
    ping: {
      least: 0,
      most: 1,
      run: (_commands, _session, [said]) => (said === undefined ? '+PONG\r\n' : bulk(said)),
    },
    echo: { least: 1, most: 1, run: (_commands, _session, [said = '']) => bulk(said) },
    hello: { least: 0, most: 7, withoutToken: true, run: hello },
    auth: {
      least: 1,
      most: 2,
      withoutToken: true,
      run: auth,
    },
    set: { least: 2, most: ANY, opens: 'tag', run: set },
    setnx: { least: 2, most: 2, opens: 'tag', run: setNx },
    multi: { least: 0, most: 0, atOnce: true, run: multi },
    exec: { least: 0, most: 0, atOnce: true, run: exec },
    discard: { least: 0, most: 0, atOnce: true, run: discard },
    watch: { least: 1, most: ANY, atOnce: true, run: watch },
    unwatch: { least: 0, most: 0, run: () => OK },
    info: { least: 0, most: ANY, run: (_commands, _session, sections) => info(sections) },
    role: { least: 0, most: 0, run: () => array([bulk('master'), integer(0), array([])]) },
    command: {
      least: 0,
      most: ANY,
      run: (_commands, { version }, args) => aboutCommands(COMMANDS, version, args),
    },
    cluster: {
      least: 1,
      most: ANY,
      run: ({ announced }, { endpoint, version }, [what = '']) =>
        cluster(endpoint && (announced ?? endpoint), what, version),
    },
    readonly: { least: 0, most: 0, run: () => OK },
    readwrite: { least: 0, most: 0, run: () => OK },
    client: { least: 1, most: ANY, run: client },
    select: { least: 1, most: 1, run: (_commands, _session, [db]) => select(db) },
    reset: { least: 0, most: 0, withoutToken: true, atOnce: true, run: reset },
    quit: { least: 0, most: ANY, withoutToken: true, atOnce: true, run: quit },
  }),
);

/** Answers one command, in Redis' words where Redis has them. Never throws, never rejects. */
export function answer(commands: Commands, session: Session, words: readonly string[]): Answer {
  const { admitted, transaction } = session;
  const isKnown = admitted?.words === words && admitted.version === commands.tokens.version;
  if (isKnown && transaction === undefined) return run(commands, session, admitted);
  const [name = '', ...args] = words;
  const command = COMMANDS.get(name) ?? COMMANDS.get(name.toLowerCase());
  const scope = scopeOf(commands, session);
  if (scope === undefined && command?.withoutToken !== true) {
    return spoiling(session, failure('NOAUTH Authentication required.'));
  }
  if (words === SKIPPED) return spoiling(session, TOO_LARGE);
  if (command === undefined) return spoiling(session, refuseForeign(name, args));
  if (args.length < command.least || args.length > command.most) {
    const word = command.opens === undefined ? 'ERR' : 'BAD_REQUEST';
    return spoiling(
      session,
      failure(`${word} wrong number of arguments for '${name.toLowerCase()}' command`),
    );
  }
  try {
    if (command.opens === 'tag') scope?.checkTag(textOf(args[0] ?? ''));
    if (command.opens === 'snowflake') scope?.checkSnowflake();
    if (transaction !== undefined && command.atOnce !== true) return transaction.queue(words);
  } catch (error) {
    return spoiling(session, refusal(commands, name, error));
  }
  session.admitted = { words, version: commands.tokens.version, command, name, args };
  return run(commands, session, session.admitted);
}

function run(commands: Commands, session: Session, { command, name, args }: Admitted): Answer {
  try {
    const answered = command.run(commands, session, args);
    return typeof answered === 'string'
      ? answered
      : answered.catch((error) => refusal(commands, name, error));
  } catch (error) {
    return spoiling(session, refusal(commands, name, error));
  }
}

/** Refuses a command; a transaction that it was to belong to will not run. */
function spoiling({ transaction }: Session, refused: string): string {
  transaction?.spoil();
  return refused;
}

/** False while the session has to show a token first, or another than it did. */
export function isLetIn(commands: Commands, session: Session): boolean {
  return scopeOf(commands, session) !== undefined;
}

/** What the session may do now: tokens change while it lasts. */
function scopeOf({ tokens }: Commands, session: Session): Scope | undefined {
  if (session.scopeVersion !== tokens.version) {
    session.scopeVersion = tokens.version;
    const { token } = session;
    if (tokens.isOpen) session.scope = Scope.all;
    else session.scope = token === undefined ? undefined : tokens.find(token);
  }
  return session.scope;
}

/** The scope that draws. Without a valid token, commands that draw are refused before. */
function whoIs({ scope }: Session): Scope {
  if (scope === undefined) throw new Error('a command that draws came past its token');
  return scope;
}

function refusal({ ids }: Commands, command: string, thrown: unknown): string {
  const error =
    thrown instanceof LeafcutterError
      ? thrown
      : new LeafcutterError('INTERNAL', 'Internal error.', { cause: thrown });
  ids.refused(error, { command: command.slice(0, 32) });
  // What Redis says where an ACL does not let somebody.
  const word = error.code === 'FORBIDDEN' ? 'NOPERM' : error.code;
  return failure(`${word} ${error.message}`);
}

type Rules = Pick<Commands, 'allowUnsafeIntegers'>;

function incr(commands: Commands, session: Session, name: string): Answer {
  const tag = textOf(name);
  const now = commands.ids.oneExactNow(tag);
  if (now !== undefined) return idAsInteger(commands, now);
  return commands.ids.one(whoIs(session), tag, session.gone).then((id) => idAsInteger(commands, id));
}

function incrBy(commands: Commands, session: Session, name: string, n: string | undefined): Answer {
  const tag = textOf(name);
  const count = countOf(n);
  if (count === undefined) return NOT_A_COUNT;
  const now = commands.ids.blockNow(tag, count);
  if (now !== undefined) return idAsInteger(commands, now.end - 1n);
  return commands.ids
    .block(whoIs(session), tag, count, session.gone)
    .then(({ end }) => idAsInteger(commands, end - 1n));
}

/** An ID that a JavaScript client would round is not sent, because rounded IDs repeat. It is a gap. */
function idAsInteger({ allowUnsafeIntegers }: Rules, id: ExactId): string {
  if (id <= Number.MAX_SAFE_INTEGER || allowUnsafeIntegers) return integer(id);
  return failure(
    'BAD_REQUEST the ID is past 2^53 - 1, which some clients round; use LC.NEXT or set resp.allowUnsafeIntegers',
  );
}

function next(ids: Dispenser, session: Session, name: string, n: string | undefined): Answer {
  const tag = textOf(name);
  if (n === undefined) {
    const now = ids.oneTextNow(tag);
    return now === undefined ? ids.text(whoIs(session), tag, session.gone).then(bulk) : bulk(now);
  }
  const count = countOf(n);
  if (count === undefined) return NOT_A_COUNT;
  return ids.texts(whoIs(session), tag, count, bulks, session.gone).then((pieces) => arrayOf(count, pieces));
}

function snowflake(ids: Dispenser, session: Session, n: string | undefined): Answer {
  if (n === undefined) return ids.snowflake(whoIs(session), session.gone).then((id) => bulk(String(id)));
  const count = countOf(n);
  if (count === undefined) return NOT_A_COUNT;
  return ids
    .snowflakeDigits(whoIs(session), count, bulks, session.gone)
    .then((pieces) => arrayOf(count, pieces));
}

function bulks(texts: readonly string[]): string {
  return texts.map(bulk).join('');
}

/** 1 to 10,000; undefined if it is not such a number. */
function countOf(text: string | undefined): number | undefined {
  const count = /^[0-9]{1,5}$/.test(text ?? '') ? Number(text) : 0;
  return count >= 1 && count <= MAX_COUNT ? count : undefined;
}

/** `SET key 0 NX`: a counter that is there already, as Spring's RedisAtomicLong makes sure of. Nothing else is set. */
function set(_commands: Commands, { version }: Session, args: readonly string[]): string {
  const [, value, option = ''] = args;
  const makesSure = args.length === 3 && value === '0' && option.toLowerCase() === 'nx';
  return makesSure ? nothing(version) : refuseForeign('set', args);
}

function setNx(_commands: Commands, _session: Session, args: readonly string[]): string {
  return args[1] === '0' ? integer(0) : refuseForeign('setnx', args);
}

function select(db = ''): string {
  if (db === '0') return OK;
  if (!/^-?[0-9]{1,18}$/.test(db)) return failure('ERR value is not an integer or out of range');
  return failure(
    'ERR DB index is out of range: Leafcutter has only database 0; use different names for different counters',
  );
}

function multi(_commands: Commands, session: Session): string {
  if (session.transaction !== undefined) return failure('ERR MULTI calls can not be nested');
  session.transaction = new Transaction();
  return OK;
}

/** The answers follow one by one, as those of a pipeline do: the next turns of the connection run the commands. */
function exec(_commands: Commands, session: Session): string {
  const { transaction } = session;
  if (transaction === undefined) return failure('ERR EXEC without MULTI');
  session.transaction = undefined;
  if (transaction.isSpoilt) {
    return failure('EXECABORT Transaction discarded because of previous errors.');
  }
  session.running = transaction.takeReversed();
  return arrayOf(session.running.length, []);
}

function discard(_commands: Commands, session: Session): string {
  if (session.transaction === undefined) return failure('ERR DISCARD without MULTI');
  session.transaction = undefined;
  return OK;
}

/** Nobody sets a tag, so none changes under a transaction. */
function watch(_commands: Commands, { transaction }: Session): string {
  return transaction === undefined ? OK : failure('ERR WATCH inside MULTI is not allowed');
}

/** `AUTH [user] token`. Without tokens a user is let in whatever it says, as Redis does with its default user. */
function auth(commands: Commands, session: Session, args: readonly string[]): string {
  if (commands.tokens.isOpen) {
    return args.length === 2
      ? OK
      : failure(
          'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
        );
  }
  present(session, textOf(args.at(-1) ?? ''));
  return scopeOf(commands, session) !== undefined
    ? OK
    : failure('WRONGPASS invalid username-password pair or user is disabled.');
}

/** The token was valid before and no longer is. */
function present(session: Session, token: string | undefined): void {
  Object.assign(session, { token, scope: undefined, scopeVersion: -1, admitted: undefined });
}

/** `HELLO [2|3 [AUTH user token] [SETNAME name]]`. */
function hello(commands: Commands, session: Session, [version, ...options]: readonly string[]): string {
  if (version !== undefined && !/^-?[0-9]{1,18}$/.test(version)) {
    return failure('ERR Protocol version is not an integer or out of range');
  }
  if (version !== undefined && version !== '2' && version !== '3') {
    return failure('NOPROTO unsupported protocol version');
  }
  let { name } = session;
  for (let at = 0; at < options.length; ) {
    const option = options[at]?.toLowerCase();
    if (option === 'auth' && at + 2 < options.length) {
      const said = auth(commands, session, options.slice(at + 1, at + 3));
      if (said !== OK) return said;
      at += 3;
    } else if (option === 'setname' && at + 1 < options.length) {
      name = options[at + 1] ?? '';
      at += 2;
    } else return failure(`ERR Syntax error in HELLO option '${textOf(options[at] ?? '').slice(0, 64)}'`);
  }
  if (scopeOf(commands, session) === undefined) {
    return failure(
      'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
    );
  }
  session.name = name;
  if (version !== undefined) session.version = version === '3' ? 3 : 2;
  const told = { server: bulk('leafcutter'), version: bulk(VERSION), proto: integer(session.version) };
  const rest = {
    id: integer(session.id),
    mode: bulk('standalone'),
    role: bulk('master'),
    modules: array([]),
  };
  return map(
    Object.entries({ ...told, ...rest }).map(([key, value]) => [bulk(key), value] as const),
    session.version,
  );
}

function client(_commands: Commands, session: Session, [what = '', ...args]: readonly string[]): string {
  const [value = ''] = args;
  switch (what.toLowerCase()) {
    case 'setname':
      session.name = value;
      return OK;
    case 'getname':
      return session.name === '' ? nothing(session.version) : bulk(session.name);
    case 'id':
      return integer(session.id);
    case 'info':
      return bulk(`id=${session.id} resp=${session.version}`);
    case 'setinfo':
    case 'no-evict':
    case 'no-touch':
      return OK;
    case 'tracking':
      return tracking(session, value);
    case 'caching':
      return session.tracking
        ? OK
        : failure(
            'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
          );
    case 'getredir':
      return integer(session.tracking ? 0 : -1);
    default:
      return failure(`ERR unknown subcommand '${textOf(what).slice(0, 64)}'. Try CLIENT HELP.`);
  }
}

/** Clients that would keep values are let: there is none to keep, and so none to take back. */
function tracking(session: Session, value: string): string {
  const isOn = value.toLowerCase() === 'on';
  if (!isOn && value.toLowerCase() !== 'off') return failure('ERR syntax error');
  session.tracking = isOn;
  return OK;
}

function reset(_commands: Commands, session: Session): string {
  Object.assign(session, { version: 2, name: '', transaction: undefined, tracking: false });
  present(session, undefined);
  return '+RESET\r\n';
}

function quit(_commands: Commands, session: Session): string {
  session.quitting = true;
  return OK;
}
