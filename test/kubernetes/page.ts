import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/root.ts';
import type { Finding } from './subject.ts';

export const PAGE = join(ROOT, 'deploy/README.md');
const BEGIN = '<!-- npm run test:kubernetes writes from here -->';
const END = '<!-- to here -->';

export interface Seen {
  readonly what: string;
  /** Undefined for what is a check and no fault of an earlier chart. */
  readonly before?: Finding;
  readonly after: Finding;
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
const told = (finding: Finding) => `${finding.isGood ? '' : '**no**: '}${cell(finding.what)}`;

const lineOf = ({ what, before, after }: Seen) =>
  `| ${[cell(what), ...(before ? [told(before)] : []), told(after)].join(' | ')} |`;

export interface Table {
  readonly head: readonly string[];
  /** Of all its rows, in order. */
  readonly tasks: readonly { readonly what: string }[];
  /** Of those that were tried now; the others stay as they are. */
  readonly seen: readonly Seen[];
}

/** Writes what was seen into the page, in place of what stood there of the same. */
export function writePage(tables: readonly Table[], versions: string): void {
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has no place for the table.`);
  const earlier = page.slice(begin, end).split('\n');
  const rowsOf = ({ tasks, seen }: Table) =>
    tasks.flatMap(({ what }) => {
      const now = seen.find((one) => one.what === what);
      return now ? [lineOf(now)] : earlier.filter((line) => line.startsWith(`| ${cell(what)} |`));
    });
  const text = [
    BEGIN,
    '',
    `Seen on ${new Date().toISOString().slice(0, 10)} with ${versions}. "Before" is the chart of commit 74c29d9, which had only been rendered.`,
    '',
    ...tables.flatMap((table) => [
      `| ${table.head.join(' | ')} |`,
      `|${' --- |'.repeat(table.head.length)}`,
      ...rowsOf(table),
      '',
    ]),
    '',
  ].join('\n');
  writeFileSync(PAGE, page.slice(0, begin) + text + page.slice(end));
}
