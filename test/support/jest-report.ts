import { existsSync, readFileSync } from 'node:fs';

/** A test that failed. */
export interface Red {
  readonly test: string;
  readonly how: string;
}

/** What `jest --json` told. */
export interface Outcome {
  readonly passed: number;
  /** Tests that did not run. */
  readonly skipped: number;
  readonly red: readonly Red[];
}

interface Report {
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Reads the file of `--outputFile`. `lastWords` tell what happened if there is none. */
export function readReport(file: string, lastWords: string): Outcome {
  if (!existsSync(file)) {
    const red = [{ test: '(the run did not end)', how: firstLines(lastWords) }];
    return { passed: 0, skipped: 0, red };
  }
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  const red = report.testResults.flatMap(({ message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    if (failed.length === 0) return message === '' ? [] : [{ test: '(the file)', how: firstLines(message) }];
    return failed.map(({ fullName, failureMessages }) => ({
      test: fullName,
      how: firstLines(failureMessages.join()),
    }));
  });
  return { passed: report.numPassedTests, skipped: report.numPendingTests, red };
}

/** What went wrong, without the stack and the colours. */
function firstLines(message: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Jest writes colours into its report.
  const lines = message.replaceAll(/\u001b\[[\d;]*m/g, '').split('\n');
  const told = lines.filter((line) => line.trim() !== '' && !line.trim().startsWith('at '));
  return told.slice(0, 12).join(' ').replaceAll(/\s+/g, ' ').slice(0, 500);
}
