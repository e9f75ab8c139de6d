/**
 * A reporter that tells the process that started Jest about the result of each test. A test that ends the process
 * half-way leaves 0 as the exit code; only the missing last message shows it.
 */
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Of what a test says about its failure, so much is shown before its suite has ended. */
const SHOWN_LINES = 20;

/**
 * @typedef {{ title: string, name: string, status: string }} TestEnd `name` is the title with those of its groups
 * @typedef {{ path: string, suite: string, seconds: number, tests: TestEnd[], broken: boolean, why: string }} FileEnd
 * `broken` when the file could not be run as a whole; `why` is empty if nothing failed
 */

/** @public Jest makes one. */
// biome-ignore lint/style/noDefaultExport: Jest takes a reporter from the default export.
export default class Events {
  #isFiltered;

  constructor({ testNamePattern }) {
    this.#isFiltered = Boolean(testNamePattern);
  }

  onRunStart({ numTotalTestSuites }) {
    send({ event: 'run', files: numTotalTestSuites });
  }

  onTestFileStart({ path }) {
    send({ event: 'file-begins', path: relative(process.cwd(), path) });
  }

  onTestCaseResult({ path }, { fullName, status, failureMessages }) {
    const why = beginning(failureMessages[0]);
    send({ event: 'test', path: relative(process.cwd(), path), name: fullName, status, why });
  }

  onTestFileResult({ path, context }, { testResults, testExecError, perfStats }) {
    /** @type {FileEnd} */
    const file = {
      path: relative(process.cwd(), path),
      suite: context.config.displayName.name,
      seconds: (perfStats.end - perfStats.start) / 1_000,
      broken: testExecError !== undefined && testExecError !== null,
      why: beginning(testExecError?.stack ?? testExecError?.message),
      tests: testResults
        // Tests that a filter leaves out are as pending as skipped ones.
        .filter(({ status }) => !this.#isFiltered || status !== 'pending')
        .map(({ ancestorTitles, title, fullName, status }) => ({
          title: [...ancestorTitles, title].join(' › '),
          name: fullName,
          status,
        })),
    };
    send({ event: 'file-ends', file });
  }

  onRunComplete() {
    send({ event: 'end' });
  }
}

/** @param {string | undefined} message */
function beginning(message = '') {
  const lines = stripVTControlCharacters(message).split('\n');
  return lines
    .filter((line) => !/^ +at .*node_modules/.test(line))
    .slice(0, SHOWN_LINES)
    .join('\n');
}

function send(message) {
  process.send?.(message);
}
