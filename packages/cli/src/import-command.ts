import { parseArgs } from 'node:util';
import { hasCode } from '@leafcutter/shared/errors';
import { StoreUrlError } from '@leafcutter/shared/store-url';
import { leafStem, NEW_TAG_PATTERN } from '@leafcutter/shared/tag';
import { visible } from '@leafcutter/shared/visible';
import { type AdminClient, adminClient } from './admin-client.ts';
import { ADMIN_TLS_HELP } from './admin-tls.ts';
import { type Existing, planStep, type Step } from './import/plan.ts';
import { MAX_COUNTERS, type ReadCounters } from './import/source.ts';
import { EXIT, type ExitCode, type Io, UsageError } from './io.ts';
import { jsonText } from './json-text.ts';
import { textTable } from './text-table.ts';

const HELP = `Usage: leafcutter import <tinyid|go-leaf|redis> --from URL [flags]

Makes a tag of every counter of another system. Without --apply it only shows what it would do. Run it again at the
cut-over: tags that granted nothing below the counter are kept, a counter that has passed the gap is reported. Nothing
is lowered.
A Leaf needs no import: its table leaf_alloc is used as it is.

  tinyid        reads tiny_id_info     --from mysql://user:password@host/database
  go-leaf       reads segments         --from mysql://user:password@host/database
  redis         reads INCR counters    --from redis://host:6379/0 --match 'id:*'

  --from URL          where the counters are; better LEAFCUTTER_IMPORT_FROM, because other users can see flags
  --match PATTERN     redis: which keys are counters, as in SCAN
  --gap N             IDs left free above each counter for what the other system hands out until it is off;
                      default 100000. Take more than it can hand out until then
  --apply             make the tags
  --skip-refused      make the others although some are refused
  --coordinator URL   default http://127.0.0.1:8100, or LEAFCUTTER_COORDINATOR
  --token TOKEN       admin token; better LEAFCUTTER_ADMIN_TOKEN
  --json              print JSON

Exit code 0 where nothing was refused, 1 otherwise.
`;

const OPTIONS = {
  from: { type: 'string' },
  match: { type: 'string' },
  gap: { type: 'string', default: '100000' },
  apply: { type: 'boolean', default: false },
  'skip-refused': { type: 'boolean', default: false },
  coordinator: { type: 'string' },
  token: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Pairs that a warning names. */
const MAX_NAMED_PAIRS = 10;

/** Each loads its own driver, and no other. */
const SOURCES: Readonly<Record<string, () => Promise<ReadCounters>>> = {
  tinyid: async () => (await import('./import/mysql-counters.ts')).tinyidCounters,
  'go-leaf': async () => (await import('./import/mysql-counters.ts')).goLeafCounters,
  redis: async () => (await import('./import/redis-counters.ts')).redisCounters,
};

/** `leafcutter import`: other systems' counters become tags. */
export async function importCommand(io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(io.argv);
  const [system, ...extra] = positionals;
  if (values.help === true || system === undefined) {
    io.out(HELP + ADMIN_TLS_HELP);
    return values.help === true ? EXIT.ok : EXIT.usage;
  }
  const load = Object.hasOwn(SOURCES, system) ? SOURCES[system] : undefined;
  if (load === undefined || extra.length > 0) {
    throw new UsageError(`import takes one of ${Object.keys(SOURCES).join(', ')}.\n\n${HELP}`);
  }
  if (system === 'redis' && values.match === undefined) {
    throw new UsageError(`Say which keys are counters: --match 'id:*'.\n\n${HELP}`);
  }
  const from = values.from ?? io.env.LEAFCUTTER_IMPORT_FROM;
  if (from === undefined) throw new UsageError(`Say where the counters are: --from URL.\n\n${HELP}`);
  const gap = readGap(values.gap);
  const url = values.coordinator ?? io.env.LEAFCUTTER_COORDINATOR ?? 'http://127.0.0.1:8100';
  const client = adminClient(io, url, values.token ?? io.env.LEAFCUTTER_ADMIN_TOKEN);

  const read = await load();
  const found = await read(from, values.match).catch((error: unknown) => {
    throw error instanceof StoreUrlError ? new UsageError(`--from ${error.message}.`) : error;
  });
  if (found.length > MAX_COUNTERS) {
    throw new UsageError(`There are more than ${MAX_COUNTERS} counters; narrow them down.`);
  }
  const steps: Step[] = [];
  for (const counter of found) {
    steps.push(planStep(counter, await existing(client, counter.name), gap));
    if (io.watched && steps.length % 100 === 0) io.err(`${steps.length} of ${found.length} are looked up.\n`);
  }
  await warnOfDottedNames(client, steps, io);
  const refused = steps.filter(({ action }) => action === 'refuse').length;
  const apply = values.apply && (refused === 0 || values['skip-refused']);
  if (apply) await make(client, steps, system, io);
  io.out(values.json ? jsonText({ applied: apply, counters: steps }) : report(steps, apply));
  if (values.apply && !apply) {
    io.err('Nothing was made, because some are refused; mend them, or add --skip-refused.\n');
  }
  return refused === 0 ? EXIT.ok : EXIT.failed;
}

async function existing(client: AdminClient, name: string): Promise<Existing | undefined> {
  try {
    const { state, nextId } = await client.show(name);
    // A tag's pages are in order of their ranges' starts.
    const [first] = (await client.ledger({ tag: name }, undefined)).ranges;
    return { state, nextId: BigInt(nextId), firstId: BigInt(first?.start ?? nextId) };
  } catch (error) {
    // The plan refuses a name that no new tag can have, with the reason.
    if (hasCode(error, 'TAG_UNKNOWN') || !NEW_TAG_PATTERN.test(name)) return undefined;
    throw error;
  }
}

/** Counters that are two here and one to Leaf, which serves `acct.v2` from `acct`. */
async function warnOfDottedNames(client: AdminClient, steps: readonly Step[], io: Io): Promise<void> {
  const names = new Set(steps.map(({ name }) => name));
  const paired: string[] = [];
  for (const { name, action } of steps) {
    const stem = leafStem(name);
    if (stem === undefined || stem === '' || action === 'refuse') continue;
    if (names.has(stem) || (await existing(client, stem)) !== undefined) paired.push(`${name} / ${stem}`);
  }
  if (paired.length === 0) return;
  const more = paired.length > MAX_NAMED_PAIRS ? ` and ${paired.length - MAX_NAMED_PAIRS} more` : '';
  io.err(
    `Leaf cuts a key at its last dot, and would serve the first of each of these from the second: ${visible(paired.slice(0, MAX_NAMED_PAIRS).join(', '))}${more}. If clients will ask for them at Leaf's addresses, choose leaf.dottedKeys at the agents first.\n`,
  );
}

/** Makes the tags one by one: a second run goes on where a first one was cut off. */
async function make(client: AdminClient, steps: readonly Step[], system: string, io: Io): Promise<void> {
  const toMake = steps.filter(({ action }) => action === 'create');
  for (const [index, { name, nextHere, step }] of toMake.entries()) {
    await client.create({
      tag: name,
      start: String(nextHere),
      ...(step === undefined ? {} : { step }),
      description: `imported from ${system}`,
    });
    if (io.watched && (index + 1) % 100 === 0) io.err(`${index + 1} of ${toMake.length} tags are made.\n`);
  }
}

function report(steps: readonly Step[], applied: boolean): string {
  const rows = steps.map((step) => [
    step.name,
    String(step.nextThere ?? ''),
    String(step.nextHere ?? ''),
    step.action,
    step.problem ?? '',
  ]);
  const count = (action: Step['action']) => steps.filter((step) => step.action === action).length;
  const made = applied ? `${count('create')} made` : `${count('create')} to make`;
  return (
    textTable([['NAME', 'NEXT THERE', 'NEXT HERE', 'ACTION', 'PROBLEM'], ...rows]) +
    `${made}, ${count('keep')} kept, ${count('refuse')} refused.\n` +
    (applied || count('create') === 0 ? '' : 'Nothing was changed; --apply makes the tags.\n')
  );
}

function readGap(text: string): bigint {
  if (!/^[0-9]{1,18}$/.test(text)) throw new UsageError('--gap takes a whole number.');
  return BigInt(text);
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
  }
}
