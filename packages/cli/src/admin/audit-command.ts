import type { AuditPage } from '@leafcutter/shared/inspection';
import { EXIT, type ExitCode, type Io, UsageError } from '../io.ts';
import { jsonText } from '../json-text.ts';
import { parseFlags } from '../parse-flags.ts';
import { textTable } from '../text-table.ts';
import { adminClient } from './admin-client.ts';
import { ADMIN_TLS_HELP } from './admin-tls.ts';

const HELP = `Usage: leafcutter audit [flags]

Shows who changed what, newest first: tags that were created, changed, retired or lowered, and coordinators' settings that
changed while they were running. Who: the name that adminTokens gives to the admin token.

  --tag TAG           only changes of this tag
  --by NAME           only changes by this actor
  --limit N           how many changes, 1 to 10,000; default 100
  --coordinator URL   default: LEAFCUTTER_COORDINATOR, or else http://127.0.0.1:8100
  --token TOKEN       viewer or admin token; prefer LEAFCUTTER_ADMIN_TOKEN, because other users can see flags
  --json              print JSON
`;

const OPTIONS = {
  tag: { type: 'string' },
  by: { type: 'string' },
  limit: { type: 'string' },
  coordinator: { type: 'string' },
  token: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const MOST = 10_000;
const PAGE = 1_000;

type Change = AuditPage['changes'][number];

/** `leafcutter audit`: the audit trail from the command line. */
export async function auditCommand(io: Io): Promise<ExitCode> {
  const values = parse(io.argv);
  if (values.help === true) {
    io.out(HELP + ADMIN_TLS_HELP);
    return EXIT.ok;
  }
  const limit = Number(values.limit ?? 100);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    throw new UsageError(`--limit must be a whole number from 1 to ${MOST}.`);
  const url = values.coordinator ?? io.env.LEAFCUTTER_COORDINATOR ?? 'http://127.0.0.1:8100';
  const client = adminClient(io, url, values.token ?? io.env.LEAFCUTTER_ADMIN_TOKEN);
  const of: Record<string, string> = {};
  if (values.tag !== undefined) of.tag = values.tag;
  if (values.by !== undefined) of.actor = values.by;
  const changes: Change[] = [];
  for (let after: string | null = ''; after !== null && changes.length < limit; ) {
    const size = String(Math.min(PAGE, limit - changes.length));
    const page: AuditPage = await client.audit({ ...of, limit: size, ...(after !== '' && { after }) });
    changes.push(...page.changes);
    after = page.next;
  }
  io.out(values.json === true ? jsonText({ changes }) : table(changes));
  return EXIT.ok;
}

function table(changes: readonly Change[]): string {
  const rows = changes.map((change) => [
    new Date(change.atMs).toISOString(),
    change.actor,
    change.origin ?? '',
    change.action,
    change.tag ?? '',
    fieldsOf(change).join(', '),
    change.coordinatorId,
  ]);
  return textTable([['TIME', 'WHO', 'FROM', 'ACTION', 'TAG', 'CHANGE', 'COORDINATOR'], ...rows]);
}

/** Of what is made, only what was set. */
function fieldsOf({ before, after }: Change): string[] {
  return Object.entries(after ?? {})
    .filter(([field, value]) => before?.[field] !== undefined || value !== null)
    .map(([field, value]) =>
      before === null ? `${field} ${shown(value)}` : `${field} ${shown(before[field])} → ${shown(value)}`,
    );
}

function shown(value: string | number | null | undefined): string {
  return value === null || value === undefined ? 'default' : String(value);
}

function parse(argv: readonly string[]) {
  return parseFlags('audit', { args: [...argv], options: OPTIONS }).values;
}
