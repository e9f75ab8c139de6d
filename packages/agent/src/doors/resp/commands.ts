import { LeafcutterError } from '@leafcutter/shared/errors';
import { Scope, type Tokens } from '@leafcutter/shared/http/tokens';
import { MAX_COUNT } from '@leafcutter/shared/tag';
import { VERSION } from '@leafcutter/shared/version';
import type { ExactId } from '../../domain/segments/segment-buffer.ts';
import type { Dispenser } from '../dispenser.ts';
import { array, arrayOf, bulk, failure, integer, map, nothing, OK, textOf } from './replies.ts';

/** What a connection agreed on. */
export interface Session {
  readonly id: number;
  version: 2 | 3;
  /** What it presented last; undefined where that is nothing. */
  token: string | undefined;
  /** What the token opens; undefined where it is none of the valid ones. It was looked up at this version of them. */
  scope: Scope | undefined;
  scopeVersion: number;
  name: string;
  /** True after QUIT: what follows is not answered. */
  quitting: boolean;
  /** Ends waits when the connection is gone. */
  readonly gone: AbortSignal;
}

/** What the commands of all connections work with. */
export interface Commands {
  readonly ids: Dispenser;
  readonly tokens: Tokens;
  readonly allowUnsafeIntegers: boolean;
}

type Answer = string | Promise<string>;

interface Command {
  /** Arguments, without the name. */
  readonly least: number;
  readonly most: number;
  readonly withoutToken?: true;
  /** What the token must open; of a tag, the first argument is its name. */
  readonly opens?: 'tag' | 'snowflake';
  readonly run: (commands: Commands, session: Session, args: readonly string[]) => Answer;
}

const NOT_AN_INTEGER = failure('ERR value is not an integer or out of range');
const SYNTAX = failure('ERR syntax error');
const ANY = Number.POSITIVE_INFINITY;

const COMMANDS = new Map<string, Command>(
  Object.entries<Command>({
    incr: {
      least: 1,
      most: 1,
      opens: 'tag',
      run: (commands, session, [tag = '']) => incr(commands, session, tag),
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
      run: (commands, session, args) => auth(commands, session, args.at(-1)),
    },
    info: {
      least: 0,
      most: ANY,
      run: () => bulk(`# Server\r\nserver_name:leafcutter\r\nleafcutter_version:${VERSION}\r\n`),
    },
    command: { least: 0, most: ANY, run: (_commands, { version }, [what = '']) => about(what, version) },
    client: { least: 1, most: ANY, run: client },
    select: {
      least: 1,
      most: 1,
      run: (_commands, _session, [db]) => (db === '0' ? OK : failure('ERR DB index is out of range')),
    },
    reset: { least: 0, most: 0, withoutToken: true, run: reset },
    quit: { least: 0, most: ANY, withoutToken: true, run: quit },
  }),
);

/** Answers one command, in Redis' words where Redis has them. Never throws, never rejects. */
export function answer(
  commands: Commands,
  session: Session,
  [name = '', ...args]: readonly string[],
): Answer {
  const command = COMMANDS.get(name) ?? COMMANDS.get(name.toLowerCase());
  const scope = scopeOf(commands, session);
  if (scope === undefined && command?.withoutToken !== true) {
    return failure('NOAUTH Authentication required.');
  }
  if (command === undefined) return unknown(name, args);
  if (args.length < command.least || args.length > command.most) {
    return failure(`ERR wrong number of arguments for '${name.toLowerCase()}' command`);
  }
  try {
    if (command.opens === 'tag') scope?.checkTag(textOf(args[0] ?? ''));
    if (command.opens === 'snowflake') scope?.checkSnowflake();
    const answered = command.run(commands, session, args);
    return typeof answered === 'string'
      ? answered
      : answered.catch((error) => refusal(commands, name, error));
  } catch (error) {
    return refusal(commands, name, error);
  }
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

/** Who draws. Commands that draw are refused before, where there is no valid token. */
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
  return failure(`${error.code} ${error.message}`);
}

function unknown(name: string, args: readonly string[]): string {
  const begun = args.slice(0, 16).map((arg) => `'${textOf(arg).slice(0, 64)}' `);
  return failure(
    `ERR unknown command '${textOf(name).slice(0, 64)}', with args beginning with: ${begun.join('')}`,
  );
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
  if (count === undefined) return NOT_AN_INTEGER;
  const now = commands.ids.blockNow(tag, count);
  if (now !== undefined) return idAsInteger(commands, now.end - 1n);
  return commands.ids
    .block(whoIs(session), tag, count, session.gone)
    .then(({ end }) => idAsInteger(commands, end - 1n));
}

/** An ID that a JavaScript client would round is not told: rounded IDs repeat. It is a gap. */
function idAsInteger({ allowUnsafeIntegers }: Rules, id: ExactId): string {
  if (id <= Number.MAX_SAFE_INTEGER || allowUnsafeIntegers) return integer(id);
  return failure(
    'ERR the ID is past 2^53 - 1, which some clients round; use LC.NEXT or set resp.allowUnsafeIntegers',
  );
}

function next(ids: Dispenser, session: Session, name: string, n: string | undefined): Answer {
  const tag = textOf(name);
  if (n === undefined) {
    const now = ids.oneTextNow(tag);
    return now === undefined ? ids.text(whoIs(session), tag, session.gone).then(bulk) : bulk(now);
  }
  const count = countOf(n);
  if (count === undefined) return NOT_AN_INTEGER;
  return ids.texts(whoIs(session), tag, count, bulks, session.gone).then((pieces) => arrayOf(count, pieces));
}

function snowflake(ids: Dispenser, session: Session, n: string | undefined): Answer {
  if (n === undefined) return ids.snowflake(whoIs(session), session.gone).then((id) => bulk(String(id)));
  const count = countOf(n);
  if (count === undefined) return NOT_AN_INTEGER;
  return ids
    .snowflakeDigits(whoIs(session), count, bulks, session.gone)
    .then((pieces) => arrayOf(count, pieces));
}

function bulks(texts: readonly string[]): string {
  return texts.map(bulk).join('');
}

/** 1 to 10,000; undefined where it is not. */
function countOf(text: string | undefined): number | undefined {
  const count = /^[0-9]{1,5}$/.test(text ?? '') ? Number(text) : 0;
  return count >= 1 && count <= MAX_COUNT ? count : undefined;
}

function auth(commands: Commands, session: Session, token = ''): string {
  if (commands.tokens.isOpen) {
    return failure('ERR AUTH <password> called without any password configured for the default user.');
  }
  present(session, textOf(token));
  return scopeOf(commands, session) !== undefined
    ? OK
    : failure('WRONGPASS invalid username-password pair or user is disabled.');
}

/** What opened before does not any more. */
function present(session: Session, token: string | undefined): void {
  Object.assign(session, { token, scope: undefined, scopeVersion: -1 });
}

/** `HELLO [2|3 [AUTH user token] [SETNAME name]]`. */
function hello(commands: Commands, session: Session, [version, ...options]: readonly string[]): string {
  if (version !== undefined && version !== '2' && version !== '3') {
    return failure('NOPROTO unsupported protocol version');
  }
  let { name } = session;
  for (let at = 0; at < options.length; ) {
    const option = options[at]?.toLowerCase();
    if (option === 'auth' && at + 2 < options.length) {
      const said = auth(commands, session, options[at + 2]);
      if (said !== OK) return said;
      at += 3;
    } else if (option === 'setname' && at + 1 < options.length) {
      name = options[at + 1] ?? '';
      at += 2;
    } else return SYNTAX;
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

function about(what: string, version: 2 | 3): string {
  switch (what.toLowerCase()) {
    case 'count':
      return integer(COMMANDS.size);
    case 'docs':
      return map([], version);
    case 'list':
      return array([...COMMANDS.keys()].map(bulk));
    default:
      return array([]);
  }
}

function client(_commands: Commands, session: Session, [what = '', value = '']: readonly string[]): string {
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
    default:
      return failure(`ERR unknown subcommand '${what.slice(0, 64)}'. Try CLIENT HELP.`);
  }
}

function reset(_commands: Commands, session: Session): string {
  Object.assign(session, { version: 2, name: '' });
  present(session, undefined);
  return '+RESET\r\n';
}

function quit(_commands: Commands, session: Session): string {
  session.quitting = true;
  return OK;
}
