/** Shakes the tests: do they hang on how fast the machine is? Not in CI: it takes hours. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CONDITIONS, type Condition } from './conditions.ts';
import { endRun, type Run, run, type Target } from './run-file.ts';

const TESTS = fileURLToPath(new URL('..', import.meta.url));
/** Run file by file; the other suites as a whole. */
const BY_FILE = ['contract', 'integration', 'fault'];
const WHOLE = ['unit', 'simulation', 'containers'];

const HELP = `Usage: npm run test:stress -- [--rounds N] [--conditions NAME,…] [--seed N] [SUITE or FILE …]

Runs tests on a machine that is made slow, and tells which of them did not stand it.
  --rounds N         times under each condition; default 3
  --conditions NAME  some of: ${Object.keys(CONDITIONS).join(', ')}; default all but the first
  --seed N           of the random order
  SUITE or FILE      default: ${[...BY_FILE, ...WHOLE].join(' ')}, the first ${BY_FILE.length} file by file
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    conditions: { type: 'string', default: Object.keys(CONDITIONS).slice(1).join() },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    help: { type: 'boolean', short: 'h' },
  },
});
const say = (text: string) => process.stdout.write(`${text}\n`);
const seed = Number(values.seed);
const rounds = Number(values.rounds);
const rows: { target: string; condition: string; runs: Run[]; impossible?: string | undefined }[] = [];
let isOver = false;

function targetsOf(name: string): Target[] {
  if (WHOLE.includes(name)) return [{ suite: name }];
  const [, suite = '', file = ''] = /^(?:test\/)?([a-z]+)(?:\/(.+))?$/.exec(name) ?? [];
  if (!BY_FILE.includes(suite)) throw new Error(`There is no suite of "${name}".\n\n${HELP}`);
  const files = readdirSync(`${TESTS}/${suite}`).filter(
    (entry) => entry.endsWith('.test.ts') && entry.includes(file),
  );
  return files.map((entry) => ({ suite, file: `test/${suite}/${entry}` }));
}

/** In an order that the seed tells. */
function shuffled<T>(all: readonly T[]): T[] {
  let state = seed;
  const next = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state;
  };
  return all
    .map((one) => [next(), one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one);
}

async function shake(target: Target, name: string, condition: Condition): Promise<void> {
  const row = { target: target.file ?? target.suite, condition: name, runs: [] as Run[] };
  for (let round = 1; round <= rounds && !isOver; round++) {
    const impossible = condition.prepare?.();
    if (impossible !== undefined) {
      say(`${row.target}, ${name}: NOT RUN, ${impossible}`);
      rows.push({ ...row, impossible });
      return;
    }
    const done = await run(target, condition, seed + round);
    if (isOver) break;
    row.runs.push(done);
    const verdict =
      done.red.length === 0
        ? 'green'
        : `RED${done.red.map(({ test, how }) => `\n  ${test}: ${how}`).join('')}`;
    say(
      `${row.target}, ${name}, round ${round}: ${done.seconds.toFixed(0)} s, ${done.pauses} pauses, ${verdict}`,
    );
  }
  if (row.runs.length > 0) rows.push(row);
}

function table(): string {
  const lines = rows.map(({ target, condition, runs, impossible }) => {
    const red = runs.flatMap((done) => done.red.map(({ test }) => test.replaceAll('|', '\\|')));
    const green = runs.filter((done) => done.red.length === 0);
    const survived = green.reduce((sum, { pauses }) => sum + pauses, 0);
    const told = impossible === undefined ? [...new Set(red)].join('; ') : `not run: ${impossible}`;
    return `| ${[target, condition, green.length, runs.length - green.length, survived, told].join(' | ')} |`;
  });
  return [
    `Seed ${seed}, ${rounds} rounds each.`,
    '',
    '| file | condition | green | red | pauses survived | red tests |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    isOver = true;
    endRun();
  });
}
if (values.help === true) say(HELP);
else {
  const targets = (positionals.length > 0 ? positionals : [...BY_FILE, ...WHOLE]).flatMap(targetsOf);
  const names = values.conditions.split(',');
  say(`${targets.length} times ${names.length} conditions times ${rounds} rounds, seed ${seed}`);
  for (const target of shuffled(targets)) {
    for (const name of names) {
      const condition = CONDITIONS[name];
      if (condition === undefined) throw new Error(`There is no condition "${name}".\n\n${HELP}`);
      if (!isOver) await shake(target, name, condition);
    }
  }
  say(`\n${table()}`);
  process.exitCode = isOver ? 130 : rows.some(({ runs }) => runs.some(({ red }) => red.length > 0)) ? 1 : 0;
}
