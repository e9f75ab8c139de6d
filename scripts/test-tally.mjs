/** The results of the tests of one Jest run, from its messages (jest-events.mjs). */
export class TestTally {
  /** @type {import('./jest-events.mjs').FileEnd[]} */
  files = [];
  /** True once Jest came to its end. */
  hasEnded = false;
  #filesInAll = 0;
  #passed = 0;
  #failed = 0;
  /** Files under way, with when they began. */
  #open = new Map();

  /** Returns what is worth printing at once, if anything is. */
  take(message, nowMs) {
    if (message.event === 'run') this.#filesInAll = message.files;
    if (message.event === 'file-begins') this.#open.set(message.path, nowMs);
    if (message.event === 'test') return this.#takeTest(message);
    if (message.event === 'file-ends') {
      this.#open.delete(message.file.path);
      this.files.push(message.file);
      if (message.file.broken) return failure(`${message.file.path} failed as a whole`, message.file.why);
    }
    if (message.event === 'end') this.hasEnded = true;
    return undefined;
  }

  #takeTest({ path, name, status, why }) {
    if (status === 'passed') this.#passed += 1;
    if (status !== 'failed') return undefined;
    this.#failed += 1;
    return failure(`${path}: ${name}`, why);
  }

  /** Files that had begun and did not end. */
  unfinished() {
    return [...this.#open.keys()];
  }

  /** How far it is, on one line. */
  progress(nowMs) {
    const failed = this.#failed > 0 ? `, ${this.#failed} failed` : '';
    const open = [...this.#open].map(([path, sinceMs]) => `${path} for ${seconds(nowMs - sinceMs)}`);
    const at = open.length > 0 ? `, in ${open.join(' and ')}` : '';
    return `${this.files.length} of ${this.#filesInAll} files, ${this.#passed} tests passed${failed}${at}`;
  }

  /** @param {'passed' | 'failed' | 'pending'} status */
  count(status) {
    return this.files.reduce(
      (sum, { tests }) => sum + tests.filter((test) => test.status === status).length,
      0,
    );
  }
}

const seconds = (ms) => `${Math.round(ms / 1_000)} s`;

/** Why a test failed is told at once: the output of its suite is shown much later, at its end. */
const failure = (what, why) =>
  [`✕ ${what}`, ...why.split('\n').map((line) => `    ${line}`.trimEnd())].join('\n');
