import { type Io, UsageError } from '../io.ts';
import { parseFlags } from '../parse-flags.ts';

/**
 * A million IDs take 40 MB of memory, and half as much again while they are judged. More can be drawn in several
 * runs.
 */
const MAX_IDS = 20_000_000;
const DEFAULT_IDS = 100_000;
const MAX_CALLERS = 256;

export const HELP = `Usage: leafcutter verify --agents URL,URL --tag TAG [flags]

Requests IDs from running agents and proves from the answers that none is issued twice and that each agent's IDs rise.
With --coordinator, it also proves that each lies in a range granted to the process that issued it. The IDs are used up.

  --agents URL,…      one address per agent, not a load balancer's
  --tag TAG,…         tags to request IDs from. If a tag has a shape, --coordinator is needed to read its IDs. Opaque tags
                      can't be verified. For a dated tag, name the tag of the day
  --snowflake         request snowflake IDs, too
  --ids N             how many IDs (default ${DEFAULT_IDS}; with --duration, as many as arrive, at most ${MAX_IDS})
  --duration 60s      how long to run (ms, s, m or h)
  --concurrency C     callers per agent (default 8, at most ${MAX_CALLERS})
  --count 1|mix       1: every request asks for one ID. mix (default): a quarter of the IDs one by one, the rest in batches
  --coordinator URL   check every ID against the ledger (or LEAFCUTTER_COORDINATOR)
  --token-file FILE   admin token of the coordinator (or LEAFCUTTER_ADMIN_TOKEN)
  --agent-token-file FILE   token of the agents, if they need one
  --history FILE      write every call to FILE: .jsonl, or .edn for Jepsen (one file per source if there are several)
  --json              print the verdict as JSON

Exits with 0 if nothing is wrong, with 1 if a promise was broken, with 2 if it could not find out.

  leafcutter verify --agents http://127.0.0.1:8000,http://127.0.0.1:8001 --tag demo --snowflake
  leafcutter verify --agents http://10.0.0.7:8000 --tag orders --duration 10m --coordinator http://10.0.0.2:8100 \\
    --token-file admin.token --history run.jsonl
`;

const OPTIONS = {
  agents: { type: 'string' },
  tag: { type: 'string' },
  snowflake: { type: 'boolean' },
  ids: { type: 'string' },
  duration: { type: 'string' },
  concurrency: { type: 'string', default: '8' },
  count: { type: 'string', default: 'mix' },
  coordinator: { type: 'string' },
  'token-file': { type: 'string' },
  'agent-token-file': { type: 'string' },
  history: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const;

export interface VerifyOptions {
  readonly agents: readonly string[];
  /** Tags, and `snowflake`. */
  readonly sources: readonly string[];
  readonly ids: number;
  readonly durationMs: number | undefined;
  /** Callers per agent. */
  readonly callers: number;
  readonly singlesOnly: boolean;
  readonly coordinator: string | undefined;
  readonly tokenFile: string | undefined;
  readonly agentTokenFile: string | undefined;
  readonly historyFile: string | undefined;
  readonly json: boolean;
}

/** Undefined if help is asked for. @throws UsageError */
export function readOptions({ argv, env }: Pick<Io, 'argv' | 'env'>): VerifyOptions | undefined {
  const values = parse(argv);
  if (values.help === true) return undefined;
  const agents = (values.agents ?? '').split(',').filter(Boolean).map(readUrl);
  if (agents.length === 0) throw new UsageError(`Name the agents with --agents.\n\n${HELP}`);
  if (new Set(agents).size < agents.length) throw new UsageError('--agents has the same address twice.');
  const tags = (values.tag ?? '').split(',').filter(Boolean);
  // A tag may be named snowflake, but then nothing in a history would tell it from the snowflake IDs.
  if (tags.includes('snowflake')) throw new UsageError('A tag called "snowflake" cannot be verified.');
  const sources = [...new Set(tags), ...(values.snowflake === true ? ['snowflake'] : [])];
  if (sources.length === 0)
    throw new UsageError(`Say which IDs to request: --tag or --snowflake.\n\n${HELP}`);
  if (values.count !== '1' && values.count !== 'mix') throw new UsageError('--count must be 1 or mix.');
  if (values.history !== undefined && !/\.(jsonl|edn)$/.test(values.history)) {
    throw new UsageError('--history must name a file that ends in .jsonl or .edn.');
  }
  const durationMs = values.duration === undefined ? undefined : readDuration(values.duration);
  const idsText = values.ids ?? String(durationMs === undefined ? DEFAULT_IDS : MAX_IDS);
  const coordinator = values.coordinator ?? env.LEAFCUTTER_COORDINATOR;
  return {
    agents,
    sources,
    ids: readNumber('ids', idsText, MAX_IDS),
    durationMs,
    callers: readNumber('concurrency', values.concurrency, MAX_CALLERS),
    singlesOnly: values.count === '1',
    coordinator: coordinator === undefined ? undefined : readUrl(coordinator),
    tokenFile: values['token-file'],
    agentTokenFile: values['agent-token-file'],
    historyFile: values.history,
    json: values.json,
  };
}

function parse(argv: readonly string[]) {
  return parseFlags('verify', { args: [...argv], options: OPTIONS }).values;
}

function readUrl(text: string): string {
  const url = URL.parse(text.trim());
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.href.replace(/\/$/, '');
  throw new UsageError(`"${text}" is not an address such as http://127.0.0.1:8000.`);
}

function readNumber(flag: string, text: string, max: number): number {
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw new UsageError(`--${flag} must be a whole number from 1 to ${max}.`);
}

function readDuration(text: string): number {
  const [, amount, unit = ''] = /^([1-9][0-9]{0,5})(ms|s|m|h)$/.exec(text) ?? [];
  const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit];
  const durationMs = Number(amount) * (unitMs ?? Number.NaN);
  // The longest that a timer can hold; longer ones would fire at once.
  if (durationMs < 2 ** 31) return durationMs;
  throw new UsageError('--duration must be a time such as 500ms, 60s, 10m or 2h.');
}
