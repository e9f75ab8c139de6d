import { LeafcutterError } from '@leafcutter/shared/errors';
import { visible } from '@leafcutter/shared/visible';
import type { TagView, TagWarning } from '@leafcutter/shared/wire';
import type { AdminClient } from '../admin/admin-client.ts';
import { EXIT, type ExitCode, type Io, UsageError } from '../io.ts';
import { jsonText } from '../json-text.ts';
import { planTags, type TagStep } from './plan.ts';
import { readTagFiles } from './tag-file.ts';

/** What is asked of a coordinator. */
export type TagClient = Pick<AdminClient, 'list' | 'create' | 'change' | 'retire'>;

/** More tags than this are looked through for no file. */
const MAX_EXISTING = 1_000_000;

/** How many names the question before a prune lists. */
const MAX_NAMED = 20;

export interface ApplyFlags {
  readonly file: readonly string[];
  readonly dryRun: boolean;
  readonly prune: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

/**
 * `leafcutter tag apply`: brings the tags to what files say. It shows what would change first, and changes nothing at
 * all while anything is refused. A run that was cut off is repeated: what is done already differs no more.
 */
export async function applyTagFiles(client: TagClient, flags: ApplyFlags, io: Io): Promise<ExitCode> {
  const { file, dryRun, prune, json } = flags;
  const entries = await readTagFiles(file, io);
  if (prune && entries.length === 0)
    throw new UsageError('A file without tags would retire every tag; --prune needs a file with tags.');
  const steps = planTags(entries, await existingTags(client), prune);
  const refused = steps.filter(({ action }) => action === 'refuse');
  const due = steps.filter(({ action }) => action !== 'refuse' && action !== 'keep');
  const isApplied = !dryRun && refused.length === 0;
  if (!json) io.out(report(steps));
  if (isApplied) await confirm(due, flags, io);
  const failed = isApplied ? await apply(client, due, io) : [];
  if (json)
    io.out(jsonText({ applied: isApplied, failed, tags: steps.map(({ request: _, ...step }) => step) }));
  if (refused.length > 0) {
    if (!dryRun) io.err('Nothing was changed, because some changes are refused. Correct them in the file.\n');
    return EXIT.failed;
  }
  if (dryRun) return due.length === 0 ? EXIT.ok : EXIT.differs;
  return failed.length === 0 ? EXIT.ok : EXIT.failed;
}

/** Every tag of the deployment, by name. */
export async function existingTags(client: TagClient): Promise<Map<string, TagView>> {
  const tags = new Map<string, TagView>();
  for (let after: string | undefined; ; ) {
    const page = await client.list(after, 1_000);
    for (const tag of page.tags) tags.set(tag.tag, tag);
    if (page.next === null) return tags;
    after = page.next;
    if (tags.size >= MAX_EXISTING)
      throw new UsageError(`There are more than ${MAX_EXISTING} tags; change yours one by one.`);
  }
}

/** @throws UsageError if the tags that would be retired are not meant */
async function confirm(due: readonly TagStep[], { yes }: ApplyFlags, { ask }: Io): Promise<void> {
  const retired = due.filter(({ action }) => action === 'retire').map(({ tag }) => tag);
  if (retired.length === 0 || yes) return;
  const more = retired.length > MAX_NAMED ? ` and ${retired.length - MAX_NAMED} more` : '';
  const what = visible(`${retired.slice(0, MAX_NAMED).join(', ')}${more}`);
  const question = `Retire ${what}, which cannot be undone? Type their number (${retired.length}) to confirm: `;
  if (ask === undefined)
    throw new UsageError(
      `Nothing was changed. It would retire ${what}, which cannot be undone; add --yes if you mean it.`,
    );
  if ((await ask(question)).trim() === String(retired.length)) return;
  throw new UsageError('Nothing was changed.');
}

/** Resolves to the tags that the coordinator refused, with the reason. @throws what may be over when it is run again */
async function apply(
  client: TagClient,
  due: readonly TagStep[],
  io: Io,
): Promise<{ readonly tag: string; readonly problem: string }[]> {
  const failed: { tag: string; problem: string }[] = [];
  for (const step of due) {
    // A file that is not in force as a whole is no reason to retire what it does not name.
    if (step.action === 'retire' && failed.length > 0) continue;
    try {
      for (const { message } of await carryOut(client, step)) io.err(`Warning: ${visible(message)}\n`);
    } catch (error) {
      if (!(error instanceof LeafcutterError) || error.retryable) throw error;
      failed.push({ tag: step.tag, problem: `${error.code}: ${error.message}` });
      io.err(visible(`${step.tag}: ${error.code}: ${error.message}`).concat('\n'));
    }
  }
  return failed;
}

async function carryOut(
  client: TagClient,
  { action, tag, request = {} }: TagStep,
): Promise<readonly TagWarning[]> {
  if (action === 'create') return (await client.create(request)).warnings;
  if (action === 'retire') return (await client.retire(tag)).warnings;
  await client.change(tag, request);
  return [];
}

const MARKS = { create: '+', change: '~', retire: '-', refuse: '!', keep: ' ' } as const;

/** A line for each tag that is not as the files say, and one that sums up. */
function report(steps: readonly TagStep[]): string {
  const lines = steps.filter(({ action }) => action !== 'keep').map(lineOf);
  const count = (action: TagStep['action']) => steps.filter((step) => step.action === action).length;
  lines.push(
    `${count('create')} to create, ${count('change')} to change, ${count('retire')} to retire, ${count('refuse')} refused, ${count('keep')} unchanged.`,
  );
  return lines.map((line) => `${visible(line)}\n`).join('');
}

function lineOf({ action, tag, differences, problem }: TagStep): string {
  const changes = differences.map(
    ({ field, from, to }) => `${field} ${from === '' ? to : `${from} → ${to}`}`,
  );
  const what = action === 'retire' ? 'retired for good' : (problem ?? changes.join(', '));
  return `${MARKS[action]} ${tag}  ${what}`.trimEnd();
}
