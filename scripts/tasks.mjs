/** The tasks behind the npm scripts, run on the project's own Node. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GENERATED, writeGrpcTypes } from './grpc-types.mjs';
import { provision } from './provision.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const say = (text) => process.stdout.write(`${text}\n`);
const [task = '', ...args] = process.argv.slice(2);

const step = (name, command, ...commandArgs) => ({ name, command, args: commandArgs });
/** Where Jest writes what came of a run: a test that ends the process would leave 0 as its exit code. */
const report = join(tmpdir(), `leafcutter-jest-${process.pid}.json`);
const jestWith = (workers, ...suites) => {
  const flags = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
  ];
  const shown = ['--json', `--outputFile=${report}`, workers, '--selectProjects', ...suites, '--', ...args];
  return { ...step(suites.join(' and '), process.execPath, ...flags, ...shown), report };
};
/** As many files at once as there are cores: most of them wait for servers. */
const jest = (...suites) => jestWith('--maxWorkers=100%', ...suites);
/** One file at a time: these suites measure, and two on two cores would measure each other. */
const serial = (suite) => jestWith('--runInBand', suite);

/** All fault scenarios instead of the quick ones; what each did and found is added to a file of JSON lines. */
const full = (suite) => {
  const LEAFCUTTER_OUTCOMES =
    process.env.LEAFCUTTER_OUTCOMES ?? join(tmpdir(), 'leafcutter-fault-outcomes.jsonl');
  return { ...serial(suite), env: { LEAFCUTTER_FULL: '1', LEAFCUTTER_OUTCOMES } };
};

const CHECKS = [
  step('types', 'tsc', '-p', '.'),
  step('types of the console', 'tsc', '-p', 'packages/console'),
  step('lint and format', 'biome', 'check', '.'),
  step('dependency rules', 'depcruise', '--config', '.dependency-cruiser.cjs', 'packages', 'test'),
  step('unused code', 'knip'),
];
const TESTS = [
  ...CHECKS,
  jest('unit'),
  jest('simulation'),
  jest('contract', 'integration'),
  serial('containers'),
];
const simulate = (...flags) =>
  step(['simulation', ...flags].join(' '), process.execPath, 'test/simulation/main.ts', ...flags);
const TASKS = {
  check: CHECKS,
  'test:unit': [jest('unit')],
  'test:simulation': [simulate(...args)],
  'test:integration': [jest('contract', 'integration'), serial('containers')],
  'test:fault': [serial('fault')],
  test: [...TESTS, serial('fault')],
  'test:full': [...TESTS, simulate('--seeds', '10000', '--from', '1'), full('fault')],
  'test:stress': [step('stress', process.execPath, 'test/stress/main.ts', ...args)],
  bench: [step('bench', process.execPath, '--expose-gc', 'test/bench/main.ts', ...args)],
};
const NEEDS_SERVERS = new Set([
  'test',
  'test:full',
  'test:integration',
  'test:fault',
  'test:stress',
  'bench',
]);

if (task === 'build') {
  // Node runs the sources, so nothing is compiled; what is built are the types of the gRPC messages and the
  // documents made from the sources.
  const problem = writeGrpcTypes(GENERATED);
  if (problem !== undefined) {
    say(problem);
    process.exit(1);
  }
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['packages/cli/src/main.ts', 'config', '--markdown'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  if (status !== 0) {
    say(stderr);
    process.exit(1);
  }
  writeFileSync(`${root}/docs/configuration.md`, stdout);
  const { METRICS_PAGE } = await import('./metrics-page.mjs');
  writeFileSync(`${root}/docs/metrics.md`, METRICS_PAGE);
  const { DASHBOARDS } = await import('./grafana-dashboards.mjs');
  for (const [file, dashboard] of Object.entries(DASHBOARDS)) {
    writeFileSync(`${root}/deploy/grafana/dashboards/${file}`, `${JSON.stringify(dashboard, null, 2)}\n`);
  }
  say(
    'Wrote docs/configuration.md, docs/metrics.md, deploy/grafana/dashboards and packages/agent/src/generated.',
  );
  const { areCurrent, renderManifests } = await import('./kubernetes-manifests.mjs');
  const manifests = renderManifests();
  for (const [file, text] of Object.entries(manifests ?? {}))
    writeFileSync(`${root}/deploy/kubernetes/${file}`, text);
  if (manifests !== undefined) say('Wrote deploy/kubernetes.');
  else if (!areCurrent()) {
    say(
      'deploy/kubernetes no longer is what deploy/helm makes, and Helm, which would make it, is not installed.',
    );
    process.exit(1);
  }
  process.exit(0);
}
const steps = TASKS[task];
if (steps === undefined) {
  say(`There is no task "${task}"; there are build, ${Object.keys(TASKS).join(', ')}.`);
  process.exit(64);
}
if (NEEDS_SERVERS.has(task)) {
  const { problem } = await provision({ log: say });
  if (problem !== undefined) {
    say(problem);
    process.exit(1);
  }
}

const results = [];
for (const { name, command, args: commandArgs, env, report } of steps) {
  say(`\n── ${name}`);
  const begun = performance.now();
  const exitCode = await run(command, commandArgs, env);
  const code = report === undefined || succeeded(report) ? exitCode : 1;
  results.push({ name, code, seconds: (performance.now() - begun) / 1000 });
}
say('');
for (const { name, code, seconds } of results)
  say(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s)`);
const failed = results.filter(({ code }) => code !== 0).length;
say(`\nSteps: ${results.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** True where Jest came to its end, ran tests, and all of them passed. */
function succeeded(file) {
  if (!existsSync(file)) return false;
  const { success, numTotalTests } = JSON.parse(readFileSync(file, 'utf8'));
  rmSync(file);
  return success && numTotalTests > 0;
}

function run(command, commandArgs, env) {
  return new Promise((resolve) => {
    const child = spawn(command, commandArgs, {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...env },
    });
    child.once('error', (error) => {
      say(`${command}: ${error.message}`);
      resolve(1);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
}
