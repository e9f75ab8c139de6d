/** Runs lanes of steps side by side and reports their progress. */
import { Board } from './board.mjs';
import { runStep } from './run-step.mjs';
import { TestTally } from './test-tally.mjs';

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {boolean} failed
 * @property {number} seconds
 * @property {string[]} notRun lines in which a test said that it could not run
 * @property {boolean} lingered something that a test left open kept it from exiting
 * @property {TestTally} [tally]
 */

/**
 * A lane that runs alone shows its output as it comes. If there are several, each step's output is shown at its end,
 * in one block.
 *
 * @param {readonly (readonly import('./steps.mjs').Step[])[]} lanes
 * @param {object} options
 * @param {(text: string) => void} options.write
 * @param {NodeJS.ProcessEnv} options.env
 * @param {() => Promise<string | undefined>} options.serversReady resolves to why they are not, or to undefined
 * @param {AbortSignal} options.signal ends the steps under way and starts no further one
 * @returns {Promise<Result[]>}
 */
export async function runLanes(lanes, { write, env, serversReady, signal }) {
  const board = new Board(write);
  const isLive = lanes.length === 1;
  const runLane = async (lane) => {
    const results = [];
    for (const step of lane) {
      const problem = step.needsServers ? await serversReady() : undefined;
      if (signal.aborted) break;
      if (problem === undefined) results.push(await resultOf(step, { env, signal, board, isLive }));
      else results.push(couldNotStart(step, problem, board));
    }
    return results;
  };
  try {
    return (await Promise.all(lanes.map(runLane))).flat();
  } finally {
    board.close();
  }
}

/** @returns {Result} */
function couldNotStart({ name }, problem, board) {
  board.say(`\n── ${name}\n${problem}`);
  return { name, failed: true, seconds: 0, notRun: [], lingered: false };
}

/** @returns {Promise<Result>} */
async function resultOf(step, { env, signal, board, isLive }) {
  const begunMs = performance.now();
  const secondsUntil = (nowMs) => (nowMs - begunMs) / 1_000;
  const tally = step.reportsTests ? new TestTally() : undefined;
  if (isLive) board.say(`\n── ${step.name}`);
  board.begin(step.name, (nowMs) => tally?.progress(nowMs) ?? `for ${secondsUntil(nowMs).toFixed(0)} s`);

  let output = '';
  const hear = (chunk) => {
    output += chunk;
    if (isLive) board.write(chunk);
  };
  const take = (message) => {
    const text = tally?.take(message, performance.now());
    if (text !== undefined && !isLive) board.say(text);
  };
  const { code, lingered } = await runStep(step, { env, signal, hear, take });
  const seconds = secondsUntil(performance.now());
  board.end(step.name);
  if (!isLive && !signal.aborted)
    board.say(`\n── ${step.name} (${seconds.toFixed(1)} s)\n${output.trimEnd()}`);
  return {
    name: step.name,
    failed: code !== 0 || (tally !== undefined && !hasPassed(tally, step)),
    seconds,
    notRun: output.split('\n').filter((line) => line.startsWith('NOT RUN')),
    lingered,
    tally,
  };
}

/** Jest's exit code alone is not enough: a test that ends the process leaves 0, and so does a suite without tests. */
function hasPassed(tally, { isFiltered }) {
  const ran = tally.count('passed') + tally.count('failed');
  return tally.hasEnded && tally.count('failed') === 0 && (ran > 0 || isFiltered);
}
