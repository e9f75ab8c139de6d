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

const CHECKS = [
  tool('types', 'tsc', '-p', '.'),
  tool('types of the console', 'tsc', '-p', 'packages/console'),
  tool('lint and format', 'biome', 'check', '.'),
  tool('dependency rules', 'depcruise', '--config', '.dependency-cruiser.cjs', 'packages', 'test'),
  tool('unused code', 'knip'),
];

/**
 * @param {string[]} suites
 * @param {{ args: readonly string[], workers?: 'serial' | 'all', name?: string, node?: string }} options
 * @returns {Step}
 */
function jest(suites, { args, workers = 'all', name = suites.join(' and '), node = process.execPath }) {
  return {
    ...step(name, node, ...jestArguments({ suites, workers, args })),
    reportsTests: true,
    isFiltered: args.length > 0,
  };
}

/**
 * @param {string} task
 * @param {readonly string[]} args what stands behind `--` on the command line
 * @returns {Step[][] | undefined} undefined when there is no such task
 */
export function lanesOf(task, args) {
  const servers = (name, options = {}) => ({
    ...jest(name.split(' and '), { args, ...options }),
    needsServers: true,
  });
  const program = (name, ...line) => ({ ...step(name, process.execPath, ...line), needsServers: true });
  const simulate = (...flags) => ({
    ...step(['simulation', ...flags].join(' '), process.execPath, 'test/simulation/main.ts', ...flags),
    givesWay: true,
  });

  const unit = { ...jest(['unit'], { args }), givesWay: true };
  const simulation = { ...jest(['simulation'], { args }), givesWay: true };
  const integration = servers('contract and integration');
  // One file at a time: these measure, and two on two cores would measure each other.
  const containers = servers('containers', { workers: 'serial' });
  const fault = servers('fault', { workers: 'serial' });
  const computing = [...CHECKS, unit, simulation, integration, containers];
  const namesTests = args.some((arg) => arg.includes('.test.ts') || arg === '-t');

  /** @type {Record<string, () => Step[][]>} */
  const tasks = {
    check: () => [CHECKS],
    'test:unit': () => [[jest(['unit'], { args })]],
    'test:simulation': () => [[namesTests ? jest(['simulation'], { args }) : simulate(...args)]],
    'test:integration': () => [[integration, containers]],
    'test:fault': () => [[fault]],
    // The fault suite mostly waits for servers, so all that computes runs beside it.
    test: () => [[fault], computing],
    'test:full': () => [
      [{ ...fault, env: { LEAFCUTTER_FULL: '1' } }],
      [...computing, simulate('--seeds', '10000', '--from', '1')],
    ],
    'test:stress': () => [[program('stress', 'test/stress/main.ts', ...args)]],
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
  'bench',
];
