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

/** Writes what was seen into the page, in place of what stood there. */
export function writePage(faults: readonly Seen[], checks: readonly Seen[], versions: string): void {
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has no place for the table.`);
  const text = [
    BEGIN,
    '',
    `Seen on ${new Date().toISOString().slice(0, 10)} with ${versions}. "Before" is the chart of commit 74c29d9, which had only been rendered.`,
    '',
    '| what | before | now |',
    '| --- | --- | --- |',
    ...faults.map(
      ({ what, before, after }) => `| ${cell(what)} | ${before ? told(before) : '–'} | ${told(after)} |`,
    ),
    '',
    '| what else is tried | seen |',
    '| --- | --- |',
    ...checks.map(({ what, after }) => `| ${cell(what)} | ${told(after)} |`),
    '',
    '',
  ].join('\n');
  writeFileSync(PAGE, page.slice(0, begin) + text + page.slice(end));
}
