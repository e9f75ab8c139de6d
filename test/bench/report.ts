import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { ratioChart } from './ratio-chart.ts';
import { type RatioRow, type Row, reaches, type Spread } from './rounds.ts';

/** One run: its figures were measured together, and are never mixed with another's. */
export interface Report {
  readonly date: string;
  readonly commit: string;
  /** What printed these figures. */
  readonly command: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly rows: readonly Row[];
}

export function reportOf(command: string, rounds: number, rows: readonly Row[]): Report {
  const [cpu] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: said('git', 'rev-parse', '--short', 'HEAD'),
    command,
    machine: `${cpus().length} × ${cpu?.model ?? 'unknown'}, shared with others`,
    versions: {
      node: process.version,
      redis: said('redis-server', '--version').match(/v=(\S+)/)?.[1] ?? '?',
      mariadb: said('mariadbd', '--version').match(/Ver (\S+)/)?.[1] ?? '?',
      wrk: said('wrk', '--version').match(/wrk (\S+)/)?.[1] ?? '?',
    },
    rounds,
    rows,
  };
}

/** The lines that a terminal shows. */
export function asText({ rows }: Report): string {
  return rows
    .map((row) => ('figures' in row ? figuresText(row.row, row.figures) : ratioText(row)))
    .join('\n');
}

/** Writes `benchmarks.md`, its JSON and its chart into `directory`. */
export function writeReport(report: Report, directory: string): void {
  mkdirSync(join(directory, 'images'), { recursive: true });
  writeFileSync(join(directory, 'benchmarks.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(directory, 'images', 'benchmarks.svg'), ratioChart(report.rows.filter(isRatio)));
  writeFileSync(join(directory, 'benchmarks.md'), markdown(report));
}

function markdown(report: Report): string {
  const { date, commit, command, machine, versions, rounds, rows } = report;
  const ratioRows = rows.filter(isRatio);
  const lines = ratioRows.map((row) => {
    const { subject, baseline, ratio, unit } = row;
    return `| ${row.row} | ${figure(subject.median)} | ${figure(baseline.median)} ${unit} | **${ratio.median.toFixed(2)}** (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}) | ${askedOf(row)} | ${row.note ?? ''} |`;
  });
  const figures = rows.flatMap((row) =>
    'figures' in row
      ? [
          `### ${row.row}`,
          '',
          '| | |',
          '|---|---|',
          ...Object.entries(row.figures).map(([what, said]) => `| ${what} | ${said} |`),
          '',
        ]
      : [],
  );
  return [
    '# Benchmarks',
    '',
    '<!-- Written by `npm run bench`; all figures are of one run. -->',
    '',
    `Run on ${date} at ${commit} with \`${command}\`: ${rounds} rounds each, subject and baseline in turn. Medians; the ratio is`,
    `taken pair by pair, with its least and its greatest. Absolute figures hold for this machine at that moment only.`,
    '',
    `Machine: ${machine}. ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
    '',
    '![Ratios](images/benchmarks.svg)',
    '',
    '| | ours | beside it | ratio | asked | |',
    '|---|---|---|---|---|---|',
    ...lines,
    '',
    ...figures,
  ].join('\n');
}

function askedOf(row: RatioRow): string {
  const met = reaches(row);
  if (met === undefined) return 'reported';
  const asked = row.atLeast === undefined ? `≤ ${row.atMost}` : `≥ ${row.atLeast}`;
  return met ? asked : `${asked}, **missed**`;
}

function ratioText(row: RatioRow): string {
  const { subject, baseline, ratio, unit } = row;
  const note = row.note === undefined ? '' : `\n  ${row.note}`;
  return `${row.row}\n  ${figure(subject.median)} vs ${figure(baseline.median)} ${unit}; ratio ${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}), asked: ${askedOf(row).replaceAll('*', '')}${note}`;
}

function figuresText(name: string, figures: Readonly<Record<string, string>>): string {
  return [name, ...Object.entries(figures).map(([what, said]) => `  ${what}: ${said}`)].join('\n');
}

function figure(value: Spread['median']): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}

function isRatio(row: Row): row is RatioRow {
  return 'ratio' in row;
}

/** A program's output; empty if the program does not exist. */
function said(command: string, ...args: string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  } catch (error) {
    // wrk prints its version and ends with 1.
    return String((error as { stdout?: string }).stdout ?? '').trim();
  }
}
