import { visible } from '@leafcutter/shared/visible';
import type { ComparedTag, TagView } from '@leafcutter/shared/wire';
import { EXIT, type ExitCode, type Io, UsageError } from '../io.ts';
import { jsonText } from '../json-text.ts';
import { parseFlags, seeHelp } from '../parse-flags.ts';
import { type ApplyFlags, applyTagFiles } from '../tag-file/apply.ts';
import { exportTags } from '../tag-file/export.ts';
import { textTable } from '../text-table.ts';
import { type AdminClient, adminClient } from './admin-client.ts';
import { ADMIN_TLS_HELP } from './admin-tls.ts';

const HELP = `Usage: leafcutter tag <action> [name] [flags]

  create NAME   create a tag. Its IDs are unique within it; other tags may issue the same numbers
                                --start 1 --step 1000 --max-step N --target-duration-s N --highest-id N --description TEXT
                                --shape ORD-{base36:8}: prefix, decimal, base36 or base62, width, suffix. It can't be
                                changed later. If other tags can write the same texts, a warning names them.
                                A NAME such as order-{yyyyMMdd} starts again each day; its shape needs {yyyyMMdd}, too.
                                {yyyyMMdd@Europe/Berlin} in the NAME sets the time zone of its days
  list          list all tags
  show NAME     show one tag
  change NAME   change a tag    --step N --max-step N --target-duration-s N --highest-id N --description TEXT
                                (the value "default" restores the deployment's default)
  retire NAME   stop a tag for good; its numbers are never reused. Needs --yes

  apply         create and change tags to match a file: -f or --file FILE, repeatable, - for standard input; YAML or
                JSON (docs/tags-as-files.md). Prints the differences first, and changes nothing if one of them is refused
                --dry-run   only print. Exits with 0 if nothing differs, 2 if something does, 1 if a change is refused
                --prune     retire tags that are in no file; asks first. Without a terminal it needs --yes
  export        print all tags as such a file; with --json as JSON

  lower NAME    lower a counter that a typo set too high: the next ID is --to N. Needs --yes. Refused if IDs
                from N on are known to be handed out. Add --force if the ledger knows of none below N and
                nobody else, such as a Leaf, handed any out. Then restart the agents that hold segments
                above N

  --coordinator URL   default: LEAFCUTTER_COORDINATOR, or else http://127.0.0.1:8100
  --token TOKEN       admin token; prefer LEAFCUTTER_ADMIN_TOKEN, because other users can see flags
  --json              print JSON
`;

const OPTIONS = {
  start: { type: 'string' },
  shape: { type: 'string' },
  step: { type: 'string' },
  'max-step': { type: 'string' },
  'target-duration-s': { type: 'string' },
  'highest-id': { type: 'string' },
  description: { type: 'string' },
  to: { type: 'string' },
  force: { type: 'boolean' },
  file: { type: 'string', short: 'f', multiple: true },
  'dry-run': { type: 'boolean' },
  prune: { type: 'boolean' },
  coordinator: { type: 'string' },
  token: { type: 'string' },
  json: { type: 'boolean' },
  yes: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof parse>['values'];

/** `leafcutter tag`: the admin API from the command line. */
export async function tagCommand(io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(io.argv);
  const [action, name, ...extra] = positionals;
  if (values.help === true || action === undefined) {
    io.out(HELP + ADMIN_TLS_HELP);
    return action === undefined && values.help !== true ? EXIT.usage : EXIT.ok;
  }
  if (extra.length > 0) throw new UsageError(`Unexpected argument "${extra[0]}".\n${seeHelp('tag')}`);
  const url = values.coordinator ?? io.env.LEAFCUTTER_COORDINATOR ?? 'http://127.0.0.1:8100';
  const client = adminClient(io, url, values.token ?? io.env.LEAFCUTTER_ADMIN_TOKEN);
  const print = (tags: readonly TagView[]) => io.out(values.json === true ? jsonText(tags) : table(tags));

  const printOne = (tag: ComparedTag) => {
    print([tag]);
    for (const { message } of tag.warnings) io.err(`Warning: ${visible(message)}\n`);
  };

  switch (action) {
    case 'create':
      printOne(
        await client.create({
          tag: needName(name),
          ...fields(values),
          ...(values.start === undefined ? {} : { start: values.start }),
          ...(values.shape === undefined ? {} : { shape: values.shape }),
        }),
      );
      break;
    case 'list':
      for (let page = await client.list(undefined); ; page = await client.list(page.next ?? undefined)) {
        print(page.tags);
        if (page.next === null) break;
      }
      break;
    case 'show':
      printOne(await client.show(needName(name)));
      break;
    case 'change':
      print([await client.change(needName(name), fields(values))]);
      break;
    case 'retire':
      if (values.yes !== true)
        throw new UsageError(`Retiring "${needName(name)}" cannot be undone; add --yes if you mean it.`);
      printOne(await client.retire(needName(name)));
      break;
    case 'lower':
      await lower(client, needName(name), values, io);
      break;
    case 'apply':
      return applyTagFiles(client, applyFlags(name, values), io);
    case 'export':
      await exportTags(client, values.json === true, io);
      break;
    default:
      throw new UsageError(`There is no action "${action}".\n${seeHelp('tag')}`);
  }
  return EXIT.ok;
}

async function lower(
  client: AdminClient,
  tag: string,
  { to, yes, json, force }: Values,
  io: Io,
): Promise<void> {
  if (to === undefined) throw new UsageError(`Say where to set the counter of "${tag}": --to N.`);
  if (yes !== true)
    throw new UsageError(
      `Lowering the counter of "${tag}" to ${to} cannot be undone; add --yes if you mean it.`,
    );
  const answer = await client.lower(tag, to, force === true);
  if (json === true) io.out(jsonText(answer));
  else {
    io.out(
      `The counter of "${tag}" was at ${answer.from} and is now at ${answer.to}; its highest ID is ${answer.highestId}.\n` +
        'Restart the agents that hold segments above it: until then they refuse lower ones.\n',
    );
  }
}

function applyFlags(name: string | undefined, values: Values): ApplyFlags {
  const { file, 'dry-run': dryRun = false, prune = false, yes = false, json = false } = values;
  if (name !== undefined) throw new UsageError(`Unexpected argument "${name}"; did you mean -f ${name}?`);
  if (file === undefined) throw new UsageError(`Name the file: -f tags.yaml.\n${seeHelp('tag')}`);
  return { file, dryRun, prune, yes, json };
}

function parse(argv: readonly string[]) {
  return parseFlags('tag', { args: [...argv], options: OPTIONS, allowPositionals: true });
}

function needName(name: string | undefined): string {
  if (name === undefined) throw new UsageError(`Name the tag.\n${seeHelp('tag')}`);
  return name;
}

/** The fields that flags name; the coordinator judges their values. */
function fields(values: Values): Record<string, unknown> {
  const given = {
    step: numeric('step', values.step),
    maxStep: numeric('max-step', values['max-step']),
    targetDurationS: numeric('target-duration-s', values['target-duration-s']),
    highestId: values['highest-id'] === 'default' ? null : values['highest-id'],
    description: values.description === 'default' ? null : values.description,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function numeric(flag: string, text: string | undefined): number | null | undefined {
  if (text === undefined) return undefined;
  if (text === 'default') return null;
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`--${flag} must be a whole number.`);
}

function table(tags: readonly TagView[]): string {
  const rows = tags.map((tag) => [
    tag.tag,
    tag.state,
    tag.nextId,
    String(tag.step),
    // A base step above it wins, such as a Leaf's.
    String(Math.max(tag.step, tag.maxStep)),
    tag.highestId,
    tag.shape ?? '',
    tag.description ?? '',
  ]);
  return textTable([
    ['TAG', 'STATE', 'NEXT ID', 'STEP', 'MAX STEP', 'HIGHEST ID', 'SHAPE', 'DESCRIPTION'],
    ...rows,
  ]);
}
