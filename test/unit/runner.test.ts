import { describe, expect, test } from '@jest/globals';
import { jestArguments } from '../../scripts/jest-arguments.mjs';
import { lanesOf, TASKS } from '../../scripts/steps.mjs';
import { runAlone, summarize } from '../../scripts/summary.mjs';
import { TestTally } from '../../scripts/test-tally.mjs';

interface File {
  readonly path: string;
  readonly suite?: string;
  readonly tests: Readonly<Record<string, string>>;
  readonly broken?: boolean;
  readonly seconds?: number;
}

function fileEnd({ path, suite = 'integration', tests, broken = false, seconds = 1 }: File) {
  const ends = Object.entries(tests).map(([name, status]) => ({ title: `a group › ${name}`, name, status }));
  return {
    event: 'file-ends',
    file: { path, suite, seconds, broken, why: broken ? 'no such module' : '', tests: ends },
  };
}

/** The output of a Jest run of these files. */
function tallyOf(files: readonly File[], { ended = true } = {}): TestTally {
  const tally = new TestTally();
  tally.take({ event: 'run', files: files.length }, 0);
  for (const file of files) tally.take(fileEnd(file), 0);
  if (ended) tally.take({ event: 'end' }, 0);
  return tally;
}

function result(files: readonly File[], { failed = false, notRun = [] as string[] } = {}) {
  return { name: 'integration', failed, seconds: 12.34, notRun, lingered: false, tally: tallyOf(files) };
}

const stepNames = (task: string, ...args: string[]) =>
  lanesOf(task, args)?.map((lane) => lane.map(({ name }) => name));

describe('the arguments of Jest', () => {
  test('keep what a person added away from the list of suites, and from behind a --', () => {
    const args = ['--', 'test/contract/sqlite.test.ts', '-t', 'a name'];
    const line = jestArguments({ suites: ['contract', 'integration'], workers: 'all', args });
    expect(line.slice(-3)).toEqual(['--selectProjects', 'contract', 'integration']);
    expect(line).not.toContain('--');
    expect(line.slice(3, 6)).toEqual(args.slice(1));
  });

  test('let a suite be empty only when a person chose among its tests', () => {
    const lineOf = (...args: string[]) => jestArguments({ suites: ['unit'], workers: 'serial', args });
    expect(lineOf('-t', 'x')).toContain('--passWithNoTests');
    expect(lineOf()).not.toContain('--passWithNoTests');
  });
});

describe('the tasks', () => {
  test('are those that are told when one is misspelt', () => {
    expect(TASKS.filter((task) => lanesOf(task, []) === undefined)).toEqual([]);
    expect(lanesOf('tset', [])).toBeUndefined();
    expect(lanesOf('constructor', [])).toBeUndefined();
  });

  test('run the simulation with the flags of its program, and its tests when one is named', () => {
    expect(stepNames('test:simulation', '--seeds', '7')).toEqual([['simulation --seeds 7']]);
    expect(stepNames('test:simulation', 'test/simulation/seeds.test.ts')).toEqual([['simulation']]);
    expect(stepNames('test:simulation', '-t', 'a name')).toEqual([['simulation']]);
  });
});

describe('a tally', () => {
  test('says how far the run is, and at once what failed', () => {
    const tally = new TestTally();
    const file = { path: 'test/fault/outage.test.ts' };
    tally.take({ event: 'run', files: 3 }, 0);
    tally.take(fileEnd({ path: 'test/fault/alerts.test.ts', tests: {} }), 0);
    tally.take({ event: 'file-begins', ...file }, 1_000);
    expect(tally.take({ event: 'test', ...file, name: 'one', status: 'passed' }, 2_000)).toBeUndefined();
    const said = tally.take(
      { event: 'test', ...file, name: 'two', status: 'failed', why: 'Expected: 1\nReceived: 2' },
      3_000,
    );
    expect(said).toBe('✕ test/fault/outage.test.ts: two\n    Expected: 1\n    Received: 2');
    expect(tally.take(fileEnd({ path: 'test/fault/a.test.ts', tests: {}, broken: true }), 4_000)).toBe(
      '✕ test/fault/a.test.ts failed as a whole\n    no such module',
    );
    expect(tally.progress(21_000)).toBe(
      '2 of 3 files, 1 tests passed, 1 failed, in test/fault/outage.test.ts for 20 s',
    );
  });
});

describe('the summary', () => {
  const green = { path: 'test/integration/dev.test.ts', tests: { starts: 'passed' } };

  test('ends with the failing test and the command that runs it alone', () => {
    const red = { path: 'test/integration/tls.test.ts', tests: { 'asks twice?': 'failed', stops: 'passed' } };
    const { text, isGreen } = summarize([result([green, red], { failed: true })]);
    expect(isGreen).toBe(false);
    expect(text).toContain('FAILED   12.3 s  integration: 2 passed, 1 failed');
    expect(text.split('\n').slice(-5)).toEqual([
      'Failed',
      '  test/integration/tls.test.ts: a group › asks twice?',
      String.raw`      npm run test:integration -- test/integration/tls.test.ts -t '^asks twice\?$'`,
      '',
      'Steps: 0 passed, 1 failed',
    ]);
  });

  test('names a file once when a hook took all of its tests along', () => {
    const tests = Object.fromEntries(Array.from({ length: 135 }, (_, index) => [`test ${index}`, 'failed']));
    const { text } = summarize([result([{ path: 'test/integration/x.test.ts', tests }], { failed: true })]);
    expect(text).toContain(
      'test/integration/x.test.ts: all of its 135 tests\n      npm run test:integration -- test/integration/x.test.ts\n',
    );
    expect(text).not.toContain('test 7');
  });

  test('names a file that could not be run, and one that was under way when Jest ended', () => {
    const broken = result([{ path: 'test/fault/a.test.ts', suite: 'fault', tests: {}, broken: true }], {
      failed: true,
    });
    const tally = tallyOf([green], { ended: false });
    tally.take({ event: 'file-begins', path: 'test/fault/b.test.ts' }, 0);
    const { text } = summarize([broken, { ...broken, tally, lingered: true }]);
    expect(text).toContain(
      'test/fault/a.test.ts as a whole\n      npm run test:fault -- test/fault/a.test.ts\n',
    );
    expect(text).toContain('1 passed, ended half-way');
    expect(text).toContain('test/fault/b.test.ts: Jest ended while it was under way');
    expect(text).toContain('integration: Jest did not exit after its last test, which left something open');
  });

  test('says what was skipped, and loudly what could not run for want of a program', () => {
    const chart = { path: 'test/integration/deploy-chart.test.ts', tests: { renders: 'pending' } };
    const notRun = ['NOT RUN, helm is not installed: renders'];
    const { text, isGreen } = summarize([result([green, chart], { notRun })]);
    expect(isGreen).toBe(true);
    expect(text).toContain('integration: 1 passed, 1 skipped');
    expect(text).toContain('NOT RUN\n  helm is not installed: renders\n');
    expect(text).toContain('Skipped\n  test/integration/deploy-chart.test.ts: a group › renders\n');
  });

  test('is red when no test ran, and says so', () => {
    const { text, isGreen } = summarize([result([]), result([])], ['-t', 'no such test']);
    expect(isGreen).toBe(false);
    expect(text).toContain('No test ran: nothing matches -t no such test.');
    expect(text.endsWith('Steps: 0 passed, 2 failed')).toBe(true);
    // One suite of the two had the test.
    expect(summarize([result([]), result([green])], ['-t', 'starts']).isGreen).toBe(true);
  });

  test('lists the slowest files, the slowest first', () => {
    const files = Array.from({ length: 12 }, (_, index) => ({
      path: `test/x-${index}.test.ts`,
      tests: {},
      seconds: index,
    }));
    const { text } = summarize([result([...files, green])]);
    const listed = [...text.matchAll(/ s {2}(test\/x-\d+)/g)].map(([, path]) => path);
    expect(listed).toEqual(Array.from({ length: 10 }, (_, index) => `test/x-${11 - index}`));
  });

  test('quotes a name for the shell', () => {
    expect(runAlone('unit', 'packages/a.test.ts', "an agent's $x")).toBe(
      String.raw`npm run test:unit -- packages/a.test.ts -t '^an agent'\''s \$x$'`,
    );
  });
});
