import type { Explanation } from '@leafcutter/shared/inspection';
import { visible } from '@leafcutter/shared/visible';
import { EXIT, type ExitCode, type Io, UsageError } from '../io.ts';
import { jsonText } from '../json-text.ts';
import { parseFlags } from '../parse-flags.ts';
import { adminClient } from './admin-client.ts';
import { ADMIN_TLS_HELP } from './admin-tls.ts';

const HELP = `Usage: leafcutter explain ID [flags]

Shows who was given an ID: the tag or the parts of the snowflake, the segment or window that contains it, which agent got
that from which coordinator, and when. Without --tag and --snowflake it searches all tags and all windows.

  --tag TAG           the ID belongs to this tag, and is written in the tag's shape
  --snowflake         the ID is a snowflake
  --coordinator URL   default: LEAFCUTTER_COORDINATOR, or else http://127.0.0.1:8100
  --token TOKEN       viewer or admin token; prefer LEAFCUTTER_ADMIN_TOKEN, because other users can see flags
  --json              print JSON

Exits with 0 if the ID was granted to an agent, with 1 if it was never handed out or isn't known.
`;

const OPTIONS = {
  tag: { type: 'string' },
  snowflake: { type: 'boolean' },
  coordinator: { type: 'string' },
  token: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `leafcutter explain`: who was given this ID? */
export async function explainCommand(io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(io.argv);
  const [id, ...extra] = positionals;
  if (values.help === true) {
    io.out(HELP + ADMIN_TLS_HELP);
    return EXIT.ok;
  }
  if (id === undefined) throw new UsageError(`Name the ID.\n\n${HELP}`);
  if (extra.length > 0) throw new UsageError(`Unexpected argument "${extra[0]}".\n\n${HELP}`);
  if (values.tag !== undefined && values.snowflake === true)
    throw new UsageError('Use --tag or --snowflake, not both.');
  if (values.tag === undefined && !/^[0-9]{1,19}$/.test(id))
    throw new UsageError(
      'An ID is a whole number in decimal digits. If its tag has a shape, name the tag with --tag.',
    );
  const url = values.coordinator ?? io.env.LEAFCUTTER_COORDINATOR ?? 'http://127.0.0.1:8100';
  const client = adminClient(io, url, values.token ?? io.env.LEAFCUTTER_ADMIN_TOKEN);
  const as =
    values.snowflake === true ? { mode: 'snowflake' } : values.tag === undefined ? {} : { tag: values.tag };
  const explanation = await client.explain(id, as);
  io.out(values.json === true ? jsonText(explanation) : told(explanation));
  const readings = [...explanation.segments, explanation.snowflake];
  const wasGranted = readings.some(
    (reading) => reading !== null && ['granted', 'lost', 'pruned'].includes(reading.verdict),
  );
  return wasGranted ? EXIT.ok : EXIT.failed;
}

function told({ segments, snowflake, more }: Explanation): string {
  const lines: string[] = [];
  for (const { sentence, range } of segments) {
    lines.push(sentence);
    if (range !== null) lines.push(`  segment      [${range.start}, ${range.end})`, ...holder(range));
  }
  if (snowflake !== null) {
    const { sentence, time, machineId, datacenter, sequence, range } = snowflake;
    lines.push(sentence, `  time         ${time}`, `  machine id   ${machineId}`);
    if (datacenter !== undefined) lines.push(`  datacenter   ${datacenter}`);
    lines.push(`  sequence     ${sequence}`);
    if (range !== null)
      lines.push(`  window       ${isoTime(range.start)} to ${isoTime(range.end)}`, ...holder(range));
  }
  if (lines.length === 0)
    lines.push('No tag was granted this number, and no machine id had a window at its time.');
  if (more) lines.push('There are more tags than were searched; name the right one with --tag.');
  return `${lines.map(visible).join('\n')}\n`;
}

function holder(range: NonNullable<Explanation['segments'][number]['range']>): string[] {
  return [
    `  agent        ${range.agentId} (instance ${range.instanceId})`,
    `  granted      ${new Date(range.grantedAtMs).toISOString()} by coordinator ${range.coordinatorId}`,
  ];
}

function isoTime(ms: string): string {
  return new Date(Number(ms)).toISOString();
}

function parse(argv: readonly string[]) {
  return parseFlags('explain', { args: [...argv], options: OPTIONS, allowPositionals: true });
}
