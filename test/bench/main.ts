import { parseArgs } from 'node:util';
import { clientRows } from './client-rows.ts';
import { consoleRows } from './console-rows.ts';
import { grpcRows } from './grpc-rows.ts';
import { httpRow } from './http-row.ts';
import { inProcessRows } from './in-process-rows.ts';
import { respRows } from './resp-rows.ts';
import type { Spread } from './rounds.ts';

const HELP = `Usage: npm run bench -- [--quick] [--json]

Measures side by side and prints ratios; absolute figures hold for this machine at this moment only.
  --quick   two short rounds
  --json    print JSON instead of a table
`;

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});
const say = (text: string) => process.stdout.write(`${text}\n`);

if (values.help === true) {
  say(HELP);
} else {
  const rounds = values.quick === true ? 2 : 7;
  const progress = (text: string) => void process.stderr.write(`${text}\n`);
  const rows = [
    ...inProcessRows(rounds, progress),
    ...(await clientRows(rounds, progress)),
    ...(await respRows(rounds, values.quick === true, progress)),
    ...(await grpcRows(rounds, values.quick === true, progress)),
    ...(await consoleRows(values.quick === true, progress)),
    await httpRow(rounds, values.quick === true ? 2 : 4, progress),
  ];
  say(
    values.json === true
      ? JSON.stringify({ node: process.version, rounds, rows }, null, 2)
      : rows.map(line).join('\n'),
  );
}

function line(row: object): string {
  if ('figures' in row) return figuresLine(row as { row: string; figures: Record<string, string> });
  const {
    row: name,
    unit,
    subject,
    baseline,
    ratio,
    note,
  } = row as Record<'row' | 'unit', string> & { note?: string } & Record<
      'subject' | 'baseline' | 'ratio',
      Spread
    >;
  const whole = (value: number) => Math.round(value).toLocaleString('en');
  return `${name}\n  ${whole(subject.median)} vs ${whole(baseline.median)} ${unit}; ratio ${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})${note === undefined ? '' : `\n  ${note}`}`;
}

/** A row that stands for itself, beside nothing. */
function figuresLine({ row: name, figures }: { row: string; figures: Record<string, string> }): string {
  return [name, ...Object.entries(figures).map(([what, figure]) => `  ${what}: ${figure}`)].join('\n');
}
