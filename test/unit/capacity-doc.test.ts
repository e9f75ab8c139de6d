import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Capacity, capacityOf } from '../support/capacity.ts';

const PAGE = readFileSync(new URL('../../docs/capacity.md', import.meta.url), 'utf8');
const TAGS = 10;
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
/** Segments of a day, the largest steps, windows of an hour. */
const LONG = { segmentLastsS: 86_400, maxStep: 2 ** 31 - 1, windowS: 3_600 };

/** The rows of the tables under "Worked out", cell by cell, one array for each table. */
function workedOut(page: string): string[][][] {
  const section = page.slice(page.indexOf('## Worked out'), page.indexOf('## What breaks first'));
  const tables = section.split('\n\n').filter((block) => block.startsWith('| agents | IDs/s |'));
  return tables.map((text) =>
    text
      .split('\n')
      .slice(2)
      .map((line) => line.split('|').slice(1, -1))
      .map((cells) => cells.map((cell) => cell.trim())),
  );
}

/** `10⁵` as a number. */
function power(text: string): number {
  const digits = [...text.replace(/^10/, '')].map((digit) => SUPERSCRIPTS.indexOf(digit));
  return 10 ** Number(digits.join(''));
}

/** `value` with as many decimals as `like` has. */
function written(value: number, like: string): string {
  const decimals = like.split('.')[1]?.length ?? 0;
  return value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** The row that the formulas give, written as precisely as `row`. */
function givenRow(row: readonly string[], settings: object): string[] {
  const [agents = '', idsPerS = '', ...cells] = row;
  const fleet = { agents: power(agents), tags: TAGS, idsPerS: power(idsPerS), ...settings };
  const capacity: Capacity = capacityOf(fleet);
  const [rows = '', bytes = ''] = (cells.at(-1) ?? '').replaceAll(/ M| GB/g, '').split(', ');
  const figures = [
    ...[capacity.refillsPerS, capacity.coordinatorCores, capacity.coordinators],
    ...[capacity.redisCommandsPerS, capacity.redisCores],
    ...[capacity.mysqlCommitsPerS, capacity.mysqlStatementsPerS, capacity.mysqlCores],
  ];
  return [
    ...[agents, idsPerS, ...figures.map((figure, index) => written(figure, cells[index] ?? ''))],
    `${written(capacity.ledgerRowsPerDay / 1e6, rows)} M, ${written(capacity.ledgerBytesPerDay / 1e9, bytes)} GB`,
  ];
}

/** What the page says and the formulas don't, and the other way round. */
function differences(page: string): { said: string[]; given: string[] }[] {
  const [byDefault = [], long = [], [regionByDefault = [], regionLong = []] = []] = workedOut(page);
  const rows = [
    ...[...byDefault, regionByDefault].map((row) => ({ said: row, given: givenRow(row, {}) })),
    ...[...long, regionLong].map((row) => ({ said: row, given: givenRow(row, LONG) })),
  ];
  return rows.filter(({ said, given }) => said.join() !== given.join());
}

describe('docs/capacity.md', () => {
  test('works out what the formulas give', () => {
    expect(workedOut(PAGE).map((rows) => rows.length)).toEqual([9, 9, 2]);
    expect(differences(PAGE)).toEqual([]);
  });

  test('NEGATIVE CONTROL: a figure that is off is found', () => {
    const off = PAGE.replace('| 10⁵ | 10⁶ | 1,667 |', '| 10⁵ | 10⁶ | 1,668 |');
    expect(differences(off).map(({ given }) => given.slice(0, 3))).toEqual([['10⁵', '10⁶', '1,667']]);
  });

  test('has the formulas that are tested', () => {
    for (const formula of [
      'f = max(N × T / D, R / S)',
      'h = N / 15',
      'r = N / 14.25',
      'e = N / (W / 2)',
      'k × (0.151 f + 0.063 (h − e) + 0.129 e + 0.140 r) / 1000',
      'cores / 0.6 + 1',
      '7 (f / g + e)',
      '(0.086 f + 0.008 (h − e) + 0.085 e + 0.025 r) / 1000',
      '9.7 f + 3.0 (h − e) + 8.0 e + 0.2 r',
      '(0.023 f + 0.007 (h − e) + 0.020 e + 0.015 r) / 1000',
      '86,400 (f + e)',
      '(600 + 65 T) × N',
    ])
      expect(PAGE).toContain(formula);
  });
});
