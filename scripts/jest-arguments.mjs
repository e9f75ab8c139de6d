import { fileURLToPath } from 'node:url';

const REPORTER = fileURLToPath(new URL('jest-events.mjs', import.meta.url));

/**
 * The arguments of Node that run Jest on some suites. A person's own arguments come before ours: `--selectProjects`
 * takes every word that follows it, and after a `--` Jest takes `-t` for the name of a file.
 *
 * @param {{ suites: readonly string[], workers: 'serial' | 'all', args: readonly string[] }} wanted
 */
export function jestArguments({ suites, workers, args }) {
  const own = args.filter((arg) => arg !== '--');
  return [
    ...[
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
    ],
    ...own,
    // A filter may name tests of another suite of the same script. If it matched nothing at all, the summary says so.
    ...(own.length > 0 ? ['--passWithNoTests'] : []),
    // As many files at once as there are cores, although most of them wait for servers.
    workers === 'serial' ? '--runInBand' : '--maxWorkers=100%',
    ...['--reporters=default', `--reporters=${REPORTER}`],
    ...['--selectProjects', ...suites],
  ];
}
