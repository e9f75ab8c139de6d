import { hasCode } from '@leafcutter/shared/errors';
import { StoreUrlError } from '@leafcutter/shared/store-url';
import { leafStem, NEW_TAG_PATTERN } from '@leafcutter/shared/tag';
import { visible } from '@leafcutter/shared/visible';
import { type AdminClient, adminClient } from '../admin/admin-client.ts';
import { ADMIN_TLS_HELP } from '../admin/admin-tls.ts';
import { EXIT, type ExitCode, type Io, UsageError } from '../io.ts';
import { jsonText } from '../json-text.ts';
import { parseFlags } from '../parse-flags.ts';
import { textTable } from '../text-table.ts';
import { type Existing, planStep, type Step, withoutClashes } from './plan.ts';
import { Renames } from './renames.ts';
import { type CounterSource, type Found, MAX_COUNTERS, type ReadCounters } from './source.ts';

const HELP = `Usage: leafcutter import <tinyid|go-leaf|cosid|redis> --from URL [flags]

Creates a tag for every counter of another system. Without --apply it only shows what it would do. Run it again at the
cut-over: it keeps tags that granted nothing below the counter, and reports a counter that has passed the gap. It never
lowers a counter. Leaf needs no import, because Leafcutter uses its table leaf_alloc as it is.

  tinyid        reads tiny_id_info     --from mysql://user:password@host/database
  go-leaf       reads segments         --from mysql://user:password@host/database
  cosid         reads cosid            --from mysql://user:password@host/database
                or its segments' keys  --from redis://host:6379/0
  redis         reads INCR counters    --from redis://host:6379/0 --match 'id:*'

  --from URL          where the counters are; prefer LEAFCUTTER_IMPORT_FROM, because other users can see flags
  --match PATTERN     redis: which keys are counters, as in SCAN
  --rename OLD=NEW    create the tag NEW for the counter OLD. Repeatable; 'shop.*=*' removes a prefix from all names.
                      Counters that would become the same tag are refused
  --from-replica      read from a replica or a read-only server. Safe only if nothing is handed out any more and the
                      replica has caught up
  --gap N             IDs to leave free above each counter, for what the other system hands out until it is off;
                      default 100000. Choose more than it can hand out by then
  --apply             create the tags
  --skip-refused      create the others even if some are refused
  --coordinator URL   default: LEAFCUTTER_COORDINATOR, or else http://127.0.0.1:8100
  --token TOKEN       admin token; prefer LEAFCUTTER_ADMIN_TOKEN
  --json              print JSON

Exits with 0 if nothing was refused, with 1 otherwise.
`;

const OPTIONS = {
  from: { type: 'string' },
  match: { type: 'string' },
  rename: { type: 'string', multiple: true },
  'from-replica': { type: 'boolean', default: false },
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

/** Characters of a tag's description: the width of Leaf's column. */
const MAX_DESCRIPTION = 256;

interface System {
  /** Each loads its own driver, and no other. */
  readonly load: () => Promise<ReadCounters>;
  /** What hands out its numbers. */
  readonly writers: string;
}

const SYSTEMS: Readonly<Record<string, System>> = {
  tinyid: {
    load: async () => (await import('./mysql-counters.ts')).tinyidCounters,
    writers: 'all tinyid servers of this database',
  },
  'go-leaf': {
    load: async () => (await import('./mysql-counters.ts')).goLeafCounters,
    writers: 'all go-leaf servers of this database',
  },
  cosid: {
    load: async () => (await import('./cosid-counters.ts')).cosidCounters,
    writers: 'all applications with CosId on this store',
  },
  redis: {
    load: async () => (await import('./redis-counters.ts')).redisCounters,
    writers: 'everything that increments these keys',
  },
};

/** `leafcutter import`: other systems' counters become tags. */
export async function importCommand(io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(io.argv);
  const [system, ...extra] = positionals;
  if (values.help === true || system === undefined) {
    io.out(HELP + ADMIN_TLS_HELP);
    return values.help === true ? EXIT.ok : EXIT.usage;
  }
  const of = Object.hasOwn(SYSTEMS, system) ? SYSTEMS[system] : undefined;
  if (of === undefined || extra.length > 0) {
    throw new UsageError(`import takes one of ${Object.keys(SYSTEMS).join(', ')}.\n\n${HELP}`);
  }
  if ((system === 'redis') !== (values.match !== undefined)) {
    const match =
      system === 'redis' ? "Say which keys are counters: --match 'id:*'" : '--match works only with redis';
    throw new UsageError(`${match}.\n\n${HELP}`);
  }
  const from = values.from ?? io.env.LEAFCUTTER_IMPORT_FROM;
  if (from === undefined) throw new UsageError(`Say where the counters are: --from URL.\n\n${HELP}`);
  const gap = readGap(values.gap);
  const renames = new Renames(values.rename ?? []);
  const url = values.coordinator ?? io.env.LEAFCUTTER_COORDINATOR ?? 'http://127.0.0.1:8100';
  const client = adminClient(io, url, values.token ?? io.env.LEAFCUTTER_ADMIN_TOKEN);

  const found = await read(await of.load(), {
    url: from,
    match: values.match,
    fromReplica: values['from-replica'],
  });
  const steps = await plan(client, found, renames, gap, io);
  await warnOfDottedNames(client, steps, io);
  const refused = steps.filter(({ action }) => action === 'refuse').length;
  const apply = values.apply && (refused === 0 || values['skip-refused']);
  if (apply) await make(client, steps, system, io);
  if (values.json) io.out(jsonText({ applied: apply, counters: steps }));
  else io.out(report(steps, apply) + beforeAnyoneDraws(steps, of, gap));
  if (values.apply && !apply) {
    io.err('Nothing was created, because some counters are refused. Fix them, or add --skip-refused.\n');
  }
  return refused === 0 ? EXIT.ok : EXIT.failed;
}

async function read(readCounters: ReadCounters, source: CounterSource): Promise<Found[]> {
  const found = await readCounters(source).catch((error: unknown) => {
    throw error instanceof StoreUrlError ? new UsageError(`--from ${error.message}.`) : error;
  });
  if (found.length <= MAX_COUNTERS) return found;
  throw new UsageError(`There are more than ${MAX_COUNTERS} counters; narrow the selection.`);
}

async function plan(
  client: AdminClient,
  found: readonly Found[],
  renames: Renames,
  gap: bigint,
  io: Io,
): Promise<Step[]> {
  const counters = withoutClashes(found, (name) => renames.tagOf(name));
  if (renames.unused.length > 0) {
    throw new UsageError(visible(`--rename ${renames.unused.join(', ')} matches no counter.`));
  }
  const steps: Step[] = [];
  for (const counter of counters) {
    const tag = renames.tagOf(counter.name);
    steps.push(planStep(counter, tag, await existing(client, tag), gap));
    if (io.watched && steps.length % 100 === 0) io.err(`${steps.length} of ${found.length} looked up.\n`);
  }
  return steps;
}

async function existing(client: AdminClient, tag: string): Promise<Existing | undefined> {
  try {
    const { state, nextId } = await client.show(tag);
    // A tag's pages are in order of their ranges' starts.
    const [first] = (await client.ledger({ tag }, undefined)).ranges;
    return { state, nextId: BigInt(nextId), firstId: BigInt(first?.start ?? nextId) };
  } catch (error) {
    // The plan refuses a name that no new tag can have, with the reason.
    if (hasCode(error, 'TAG_UNKNOWN') || !NEW_TAG_PATTERN.test(tag)) return undefined;
    throw error;
  }
}

/** Counters that are two here and one to Leaf, which serves `acct.v2` from `acct`. */
async function warnOfDottedNames(client: AdminClient, steps: readonly Step[], io: Io): Promise<void> {
  const names = new Set(steps.map(({ tag }) => tag));
  const paired: string[] = [];
  for (const { tag, action } of steps) {
    const stem = leafStem(tag);
    if (stem === undefined || stem === '' || action === 'refuse') continue;
    if (names.has(stem) || (await existing(client, stem)) !== undefined) paired.push(`${tag} / ${stem}`);
  }
  if (paired.length === 0) return;
  const more = paired.length > MAX_NAMED_PAIRS ? ` and ${paired.length - MAX_NAMED_PAIRS} more` : '';
  io.err(
    `Leaf cuts a key at its last dot, so it would serve the first of each of these pairs from the second: ${visible(paired.slice(0, MAX_NAMED_PAIRS).join(', '))}${more}. If clients will request them at Leaf's addresses, set the agents' leaf.dottedKeys first.\n`,
  );
}

/** Makes the tags one by one: a second run goes on where a first one was cut off. */
async function make(client: AdminClient, steps: readonly Step[], system: string, io: Io): Promise<void> {
  const toMake = steps.filter(({ action }) => action === 'create');
  for (const [index, { name, tag, nextHere, step }] of toMake.entries()) {
    const was = name === tag ? '' : `: ${visible(name)}`;
    await client.create({
      tag,
      start: String(nextHere),
      ...(step === undefined ? {} : { step }),
      description: `imported from ${system}${was}`.slice(0, MAX_DESCRIPTION),
    });
    if (io.watched && (index + 1) % 100 === 0) io.err(`${index + 1} of ${toMake.length} tags created.\n`);
  }
}

function report(steps: readonly Step[], applied: boolean): string {
  const rows = steps.map((step) => [
    step.name,
    step.tag,
    String(step.nextThere ?? ''),
    String(step.nextHere ?? ''),
    step.action,
    step.problem ?? '',
  ]);
  const count = (action: Step['action']) => steps.filter((step) => step.action === action).length;
  const made = applied ? `${count('create')} created` : `${count('create')} to create`;
  return (
    textTable([['COUNTER', 'TAG', 'NEXT THERE', 'NEXT HERE', 'ACTION', 'PROBLEM'], ...rows]) +
    `${made}, ${count('keep')} kept, ${count('refuse')} refused.\n` +
    (applied || count('create') === 0 ? '' : 'Nothing was changed; --apply creates the tags.\n')
  );
}

/** What the import cannot check: how much the other system goes on to hand out (I1). */
function beforeAnyoneDraws(steps: readonly Step[], { writers }: System, gap: bigint): string {
  if (!steps.some(({ action }) => action === 'create')) return '';
  return `Before anyone requests IDs from these tags, stop ${writers}, or make sure that they hand out fewer than ${gap} numbers of each until they are off. Once they are off, run this again: every row must say "keep".\n`;
}

function readGap(text: string): bigint {
  if (!/^[0-9]{1,18}$/.test(text)) throw new UsageError('--gap must be a whole number.');
  return BigInt(text);
}

function parse(argv: readonly string[]) {
  return parseFlags('import', { args: [...argv], options: OPTIONS, allowPositionals: true });
}
