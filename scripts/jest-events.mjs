/**
 * A reporter that tells the process that started Jest about the result of each test. A test that ends the process
 * half-way leaves 0 as the exit code; only the missing last message shows it.
 */
import { relative } from 'node:path';

/**
 * @typedef {{ title: string, name: string, status: string }} TestEnd `name` is the title with those of its groups
 * @typedef {{ path: string, suite: string, seconds: number, tests: TestEnd[], broken: boolean }} FileEnd
 * `broken` when the file could not be run as a whole
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

  onTestCaseResult({ path }, { fullName, status }) {
    send({ event: 'test', path: relative(process.cwd(), path), name: fullName, status });
  }

  onTestFileResult({ path, context }, { testResults, testExecError, perfStats }) {
    /** @type {FileEnd} */
    const file = {
      path: relative(process.cwd(), path),
      suite: context.config.displayName.name,
      seconds: (perfStats.end - perfStats.start) / 1_000,
      broken: testExecError !== undefined && testExecError !== null,
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

function send(message) {
  process.send?.(message);
}
