import { readFile } from 'node:fs/promises';
import { type AgentApi, sharedApi } from './agent-api.ts';
import { badArgument } from './id-error.ts';
import { Ids, type IdsRules, MAX_COUNT } from './ids.ts';
import { Texts } from './texts.ts';

/** Callers that may wait at once, unless an option says otherwise. */
const MAX_WAITING = 10_000;

/** What holds unless options say otherwise; one object for all tags. */
const DEFAULT_RULES = { waitMs: 2_000, maxWaiting: MAX_WAITING, minFetch: 100, maxFetch: MAX_COUNT };
const RULE_NAMES = ['waitMs', 'maxWaiting', 'minFetch', 'maxFetch'] as const;

export interface ConnectOptions {
  /** The agent: `http://127.0.0.1:8000`, `https://agent.example` or `unix:/run/leafcutter/http.sock`. */
  readonly endpoint: string;
  readonly tag: string;
  /** One of the agent's `tokens`, if it has any. */
  readonly token?: string;
  /** A file with that token in it. It is read again every ten seconds. */
  readonly tokenFile?: string;
  /** A file with the CA certificates (PEM) for the agent's certificate; default: those that Node trusts. */
  readonly caFile?: string;
  /** How long one request to the agent may take, in milliseconds; default 5,000. */
  readonly timeoutMs?: number;
  /** How long `nextAsync` and `batch` may wait for IDs, in milliseconds; default 2,000. */
  readonly waitMs?: number;
  /** Callers that may wait at once; default 10,000. */
  readonly maxWaiting?: number;
  /** How many IDs the first and the smallest fetch ask for, 1 to 10,000; default 100. */
  readonly minFetch?: number;
  /** How many IDs the largest fetch asks for, `minFetch` to 10,000; default 10,000. */
  readonly maxFetch?: number;
}

/** The options that apply if no IDs are kept in this process. `maxWaiting` limits the calls at once. */
export type ConnectTextsOptions = Omit<ConnectOptions, 'waitMs' | 'minFetch' | 'maxFetch'>;

/**
 * Connects to an agent and fetches the first IDs of `tag`.
 * @throws IdError `BAD_REQUEST` (an option), `AGENT_UNAVAILABLE`, and the agent's own codes, such as `TAG_UNKNOWN`
 */
export async function connect(options: ConnectOptions): Promise<Ids> {
  const rules = rulesOf(options);
  const ids = new Ids(await apiFor(options), options.tag, rules);
  try {
    await ids.open();
  } catch (error) {
    ids.close();
    throw error;
  }
  return ids;
}

/**
 * Connects to an agent for the IDs of `tag` in the form in which it writes them; use this for a tag with a shape. It
 * takes no ID, so only the first call shows whether the agent and the tag exist.
 * @throws IdError `BAD_REQUEST` (an option)
 */
export async function connectTexts(options: ConnectTextsOptions): Promise<Texts> {
  const { tag, maxWaiting = MAX_WAITING } = options;
  return new Texts(await apiFor(options), tag, maxWaiting);
}

function rulesOf(options: ConnectOptions): IdsRules {
  const rules = { ...DEFAULT_RULES };
  for (const name of RULE_NAMES) rules[name] = options[name] ?? DEFAULT_RULES[name];
  checkNumber('waitMs', rules.waitMs);
  checkNumber('minFetch', rules.minFetch, 1, MAX_COUNT);
  checkNumber('maxFetch', rules.maxFetch, rules.minFetch, MAX_COUNT);
  return RULE_NAMES.every((name) => rules[name] === DEFAULT_RULES[name]) ? DEFAULT_RULES : rules;
}

async function apiFor(options: ConnectTextsOptions): Promise<AgentApi> {
  const { endpoint, tag, token, tokenFile, caFile, timeoutMs = 5_000, maxWaiting = MAX_WAITING } = options;
  checkNumber('timeoutMs', timeoutMs);
  checkNumber('maxWaiting', maxWaiting);
  if (typeof tag !== 'string' || tag === '') throw badArgument('tag', 'the name of a tag');
  const ca = caFile === undefined ? undefined : await readCa(caFile);
  return sharedApi(endpoint, { token, tokenFile, timeoutMs, ca });
}

async function readCa(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw badArgument('caFile', 'a file with certificates (PEM)');
}

function checkNumber(name: string, value: number, min = 1, max = 2 ** 31 - 1): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw badArgument(name, `a whole number from ${min} to ${max}`);
  }
}
