/** Runs lanes of steps side by side and tells how they come on. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { TestTally } from './test-tally.mjs';

/** After so long without a word, one is said. */
const SILENCE_MS = 15_000;

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {boolean} failed
 * @property {number} seconds
 * @property {string[]} notRun lines in which a test said that it could not run
 * @property {TestTally} [tally]
 */

/**
 * A lane that is alone shows its output as it comes; of several each step's is shown at its end, in one block.
 *
 * @param {readonly (readonly import('./steps.mjs').Step[])[]} lanes
 * @param {object} options
 * @param {(text: string) => void} options.write
 * @param {NodeJS.ProcessEnv} options.env
 * @param {() => Promise<string | undefined>} options.serversReady answers why not
 * @param {AbortSignal} options.signal ends the steps under way and starts no further one
 * @returns {Promise<Result[]>}
 */
export async function runLanes(lanes, { write, env, serversReady, signal }) {
  const board = new Board(write);
  const runOne = async (step) => {
    const problem = step.needsServers ? await serversReady() : undefined;
    if (signal.aborted) return [];
    if (problem === undefined)
      return [await runStep(step, { env, signal, board, isLive: lanes.length === 1 })];
    board.say(`\n── ${step.name}\n${problem}`);
    return [{ name: step.name, failed: true, seconds: 0, notRun: [] }];
  };
  const runLane = async (lane) => {
    const results = [];
    for (const step of lane) results.push(...(await runOne(step)));
    return results;
  };
  try {
    return (await Promise.all(lanes.map(runLane))).flat();
  } finally {
    board.close();
  }
}

/** What is said, and what is under way. */
class Board {
  #write;
  #begun = performance.now();
  #saidAt = performance.now();
  /** Steps under way, with what tells how far they are. */
  #open = new Map();
  #timer = setInterval(() => this.#breakSilence(), 1_000);

  constructor(write) {
    this.#write = write;
  }

  write(text) {
    this.#saidAt = performance.now();
    this.#write(text);
  }

  say(line) {
    this.write(`${line}\n`);
  }

  begin(name, progress) {
    this.#open.set(name, progress);
  }

  end(name) {
    this.#open.delete(name);
  }

  close() {
    clearInterval(this.#timer);
  }

  #breakSilence() {
    const now = performance.now();
    if (now - this.#saidAt < SILENCE_MS) return;
    const clock = Math.round((now - this.#begun) / 1_000);
    const time = `${Math.floor(clock / 60)}:${String(clock % 60).padStart(2, '0')}`;
    for (const [name, progress] of this.#open) this.say(`  ${time} ${name}: ${progress(now)}`);
    if (this.#open.size === 0) this.say(`  ${time} waiting for what is being installed`);
  }
}

/** @returns {Promise<Result>} */
async function runStep(step, { env, signal, board, isLive }) {
  const begun = performance.now();
  const tally = step.reportsTests ? new TestTally() : undefined;
  const secondsSo = (now = performance.now()) => (now - begun) / 1_000;
  if (isLive) board.say(`\n── ${step.name}`);
  board.begin(step.name, (now) => tally?.progress(now) ?? `for ${secondsSo(now).toFixed(0)} s`);

  let output = '';
  const hear = (chunk) => {
    output += chunk;
    if (isLive) board.write(chunk);
  };
  const onMessage = (message) => {
    const line = tally?.take(message, performance.now());
    if (line !== undefined && !isLive) board.say(`${line} (${step.name})`);
  };
  const code = await run(step, { env, signal, hear, onMessage });
  board.end(step.name);
  if (!isLive && !signal.aborted)
    board.say(`\n── ${step.name} (${secondsSo().toFixed(1)} s)\n${output.trimEnd()}`);
  return {
    name: step.name,
    failed: code !== 0 || (tally !== undefined && !hasPassed(tally, step)),
    seconds: secondsSo(),
    notRun: output.split('\n').filter((line) => line.startsWith('NOT RUN')),
    tally,
  };
}

/** Jest's exit code alone does not say it: a test that ends the process leaves 0, and so does a suite without tests. */
function hasPassed(tally, { isFiltered }) {
  const ran = tally.count('passed') + tally.count('failed');
  return tally.hasEnded && tally.count('failed') === 0 && (ran > 0 || isFiltered);
}

/** Resolves to the exit code, 1 when there is none. */
function run({ command, args, env: own, reportsTests, givesWay }, { env, signal, hear, onMessage }) {
  const [program, ...rest] = [...prefix(givesWay), command, ...args];
  return new Promise((resolve) => {
    const child = spawn(program, rest, {
      env: { ...env, ...own },
      stdio: ['ignore', 'pipe', 'pipe', ...(reportsTests ? ['ipc'] : [])],
    });
    const stop = () => child.kill('SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    const end = (code) => {
      signal.removeEventListener('abort', stop);
      resolve(code ?? 1);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear);
    child.on('message', onMessage);
    child.once('error', (error) => {
      hear(`${command}: ${error.message}\n`);
      end(1);
    });
    // Outputs may be held open by grandchildren that the end of the run removes.
    child.once('exit', (code) => signal.aborted && end(code));
    child.once('close', end);
  });
}

/** A step dies with us, however we die; one that gives way gets a core when nobody else wants it. */
function prefix(givesWay) {
  return [
    ...(existsSync('/usr/bin/setpriv') ? ['setpriv', '--pdeathsig', 'KILL', '--'] : []),
    ...(givesWay ? ['nice', '-n', '10'] : []),
  ];
}
