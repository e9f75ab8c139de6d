import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findBinary } from '../support/find-binary.ts';
import { besideDoors } from './beside-doors.ts';
import { besideRows } from './beside-rows.ts';
import { clientRows } from './client-rows.ts';
import { consoleRows } from './console-rows.ts';
import { coordinatorRows } from './coordinator-rows.ts';
import { fleetRows } from './fleet-rows.ts';
import { footprintRows } from './footprint-rows.ts';
import { grpcRows } from './grpc-rows.ts';
import { httpRows } from './http-rows.ts';
import { inProcessRows } from './in-process-rows.ts';
import { limitRows } from './limit-rows.ts';
import { memoryRows } from './memory-rows.ts';
import { asText, reportOf, writeReport } from './report.ts';
import { respRows } from './resp-rows.ts';
import type { Row } from './rounds.ts';
import { workerRows } from './worker-rows.ts';

type Progress = (text: string) => void;

interface Suite {
  /** About how long it takes, in seconds: whole and quick. */
  readonly takes: readonly [number, number];
  readonly run: (rounds: number, quick: boolean, progress: Progress) => Row[] | Promise<Row[]>;
}

const SUITES: Readonly<Record<string, Suite>> = {
  'in-process': { takes: [60, 20], run: (rounds, _quick, progress) => inProcessRows(rounds, progress) },
  memory: { takes: [25, 25], run: (_rounds, _quick, progress) => memoryRows(progress) },
  client: { takes: [90, 30], run: (rounds, _quick, progress) => clientRows(rounds, progress) },
  http: { takes: [450, 90], run: httpRows },
  workers: { takes: [70, 20], run: workerRows },
  resp: { takes: [60, 10], run: respRows },
  grpc: { takes: [60, 15], run: grpcRows },
  coordinator: { takes: [60, 15], run: coordinatorRows },
  console: { takes: [110, 60], run: (_rounds, quick, progress) => consoleRows(quick, progress) },
  footprint: { takes: [240, 150], run: (_rounds, quick, progress) => footprintRows(quick, progress) },
  limits: { takes: [220, 40], run: limitRows },
  fleet: { takes: [300, 50], run: (_rounds, quick, progress) => fleetRows(quick, progress) },
};

/** What suites load and compare with, and Debian's packages of it. */
const PROGRAMS = [
  ['mariadbd', 'mariadb-server'],
  ['redis-server', 'redis-server'],
  ['redis-benchmark', 'redis-tools'],
  ['wrk', 'wrk'],
  ['ab', 'apache2-utils'],
  ['nginx', 'nginx-light'],
  ['chromium', 'chromium'],
] as const;

const HELP = `Usage: npm run bench -- [--only NAME,…] [--quick] [--json] [--out DIR]

Starts all it needs, measures side by side and prints ratios; absolute figures hold for this machine at this moment only.
  --only NAME,…  some of: ${Object.keys(SUITES).join(', ')}
  --quick        two short rounds instead of seven
  --json         print JSON instead of text
  --beside DIR   measure coordinator and agent beside those of another version, whose tree, installed, is there
  --out DIR      write benchmarks.md, benchmarks.json and images/benchmarks.svg there; a whole run writes to docs
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean' },
    json: { type: 'boolean' },
    beside: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
const say = (text: string) => process.stdout.write(`${text}\n`);
const names = values.only?.split(',') ?? (values.beside === undefined ? Object.keys(SUITES) : []);
const unknown = names.find((name) => !Object.hasOwn(SUITES, name));

if (values.help === true) {
  say(HELP);
} else if (unknown !== undefined) {
  say(`There is no "${unknown}".\n\n${HELP}`);
  process.exitCode = 64;
} else {
  // Not after twenty minutes, when all that was measured would be lost.
  for (const [name, debianPackage] of PROGRAMS) findBinary(name, debianPackage);
  const quick = values.quick === true;
  const rounds = quick ? 2 : 7;
  const command = ['npm run bench', ...process.argv.slice(2)].join(' ').replace('bench -', 'bench -- -');
  const report = reportOf(command, rounds, await measure(names, rounds, quick));
  say(values.json === true ? JSON.stringify(report, null, 2) : asText(report));
  const isWhole = values.only === undefined && values.beside === undefined && !quick;
  const out = values.out ?? (isWhole ? fileURLToPath(new URL('../../docs', import.meta.url)) : undefined);
  if (out !== undefined) writeReport(report, out);
}

/** One suite after the other; each line of progress says how long the rest may take. */
async function measure(wanted: readonly string[], rounds: number, quick: boolean): Promise<Row[]> {
  const suites = wanted.flatMap((name) => SUITES[name] ?? []);
  const takes = ({ takes: [whole, short] }: Suite) => (quick ? short : whole);
  const rows: Row[] = [];
  for (const [index, suite] of suites.entries()) {
    const begun = performance.now();
    const rest = suites.slice(index).reduce((sum, next) => sum + takes(next), 0);
    const progress = (text: string) => {
      const left = Math.max(0, rest - (performance.now() - begun) / 1_000);
      process.stderr.write(`${text} (about ${Math.ceil(left / 60)} min left)\n`);
    };
    rows.push(...(await suite.run(rounds, quick, progress)));
  }
  const { beside } = values;
  if (beside !== undefined)
    for (const measureBeside of [besideRows, besideDoors])
      rows.push(...(await measureBeside(beside, rounds, quick, (text) => process.stderr.write(`${text}\n`))));
  return rows;
}
