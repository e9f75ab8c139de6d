/** What each npm script does: lanes that run side by side, each a list of steps that run one after the other. */
import { join } from 'node:path';
import { jestArguments } from './jest-arguments.mjs';

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} command
 * @property {string[]} args
 * @property {Record<string, string>} [env] besides the environment of the run
 * @property {boolean} [reportsTests] it is Jest, and says by messages what became of each test
 * @property {boolean} [isFiltered] it was asked for some of its tests only, so it may find none
 * @property {boolean} [needsServers] it waits until the programs of the tests are installed
 * @property {boolean} [givesWay] it computes and waits for nothing, so it leaves the cores to others that need them
 */

const BIN = join('node_modules', '.bin');

/** @returns {Step} */
const step = (name, command, ...args) => ({ name, command, args });
const tool = (name, command, ...args) => ({ ...step(name, join(BIN, command), ...args), givesWay: true });

const DEPENDENCY_RULES = 'dependency rules';
const CHECKS = [
  tool('types', 'tsc', '-p', '.'),
  tool('types of the console', 'tsc', '-p', 'packages/console'),
  tool('lint and format', 'biome', 'check', '.'),
  tool(DEPENDENCY_RULES, 'depcruise', '--config', '.dependency-cruiser.cjs', 'packages', 'test'),
  tool('unused code', 'knip'),
];

/**
 * @param {string} suites one or several, joined by "and"
 * @param {{ args: readonly string[], workers?: 'serial' | 'all' }} options
 * @returns {Step}
 */
function jest(suites, { args, workers = 'all' }) {
  return {
    ...step(suites, process.execPath, ...jestArguments({ suites: suites.split(' and '), workers, args })),
    reportsTests: true,
    isFiltered: args.length > 0,
  };
}

/**
 * @param {string} task
 * @param {readonly string[]} args what follows `--` on the command line
 * @returns {Step[][] | undefined} undefined if there is no such task
 */
export function lanesOf(task, args) {
  const program = (name, ...line) => ({ ...step(name, process.execPath, ...line), needsServers: true });
  const simulate = (...flags) => ({
    ...step(['simulation', ...flags].join(' '), process.execPath, 'test/simulation/main.ts', ...flags),
    givesWay: true,
  });
  const unit = { ...jest('unit', { args }), givesWay: true };
  const simulation = { ...jest('simulation', { args }), givesWay: true };
  const integration = { ...jest('contract and integration', { args }), needsServers: true };
  // One file at a time: these measure, and two at once would measure each other.
  const containers = { ...jest('containers', { args, workers: 'serial' }), needsServers: true };
  const fault = { ...jest('fault', { args, workers: 'serial' }), needsServers: true };
  const fullContainers = { ...containers, env: { LEAFCUTTER_FULL: '1' } };
  const fullFault = { ...fault, env: { LEAFCUTTER_FULL: '1' } };
  const fullIntegration = { ...integration, env: { LEAFCUTTER_FULL: '1' } };
  // A unit test checks the tree against the dependency rules.
  const checks = args.length > 0 ? CHECKS : CHECKS.filter(({ name }) => name !== DEPENDENCY_RULES);
  const namesTests = args.some((arg) => arg.includes('.test.ts') || arg === '-t');

  /** @type {Record<string, () => Step[][]>} */
  const tasks = {
    check: () => [CHECKS],
    'test:unit': () => [[unit]],
    'test:simulation': () => [[namesTests ? simulation : simulate(...args)]],
    'test:integration': () => [[integration, containers]],
    'test:fault': () => [[fault]],
    // Tests on servers mostly wait for them. So everything that computes runs beside them and gives way. The tests
    // that need no servers come first, while the servers are being installed.
    test: () => [[fault], [integration], [...checks, simulation, containers, unit]],
    'test:full': () => [
      [fullFault],
      [fullIntegration],
      [...checks, simulation, fullContainers, unit, simulate('--seeds', '10000', '--from', '1')],
    ],
    'test:stress': () => [[program('stress', 'test/stress/main.ts', ...args)]],
    'test:install': () => [[step('install', process.execPath, 'test/install/main.ts', ...args)]],
    'test:servers': () => [[program('servers', 'test/servers/main.ts', ...args)]],
    'test:kubernetes': () => [[step('kubernetes', process.execPath, 'test/kubernetes/main.ts', ...args)]],
    'test:clients': () => [[program('clients', 'test/clients/main.ts', ...args)]],
    'test:openapi': () => [[program('openapi', 'test/openapi/main.ts', ...args)]],
    bench: () => [[program('bench', '--expose-gc', 'test/bench/main.ts', ...args)]],
  };
  return Object.hasOwn(tasks, task) ? tasks[task]() : undefined;
}

export const TASKS = [
  'check',
  'test',
  'test:unit',
  'test:simulation',
  'test:integration',
  'test:fault',
  'test:full',
  'test:stress',
  'test:install',
  'test:servers',
  'test:kubernetes',
  'test:clients',
  'test:openapi',
  'bench',
];
