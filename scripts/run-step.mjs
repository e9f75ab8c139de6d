import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

/** How long Jest may take to exit after its last test. If something keeps it longer, it would keep it for ever. */
const EXITS_WITHIN_MS = 30_000;

/**
 * Runs the command of a step.
 *
 * @param {import('./steps.mjs').Step} step
 * @param {object} options
 * @param {NodeJS.ProcessEnv} options.env
 * @param {AbortSignal} options.signal ends it
 * @param {(text: string) => void} options.hear is told what it writes
 * @param {(message: { event: string }) => void} options.take is told what its tests say
 * @returns {Promise<{ code: number, lingered: boolean }>} `lingered` when it had to be killed after its last test
 */
export function runStep(step, { env, signal, hear, take }) {
  const [program, ...args] = [...prefix(step), step.command, ...step.args];
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env: { ...env, ...step.env },
      stdio: ['ignore', 'pipe', 'pipe', ...(step.reportsTests ? ['ipc'] : [])],
    });
    let lingered = false;
    let patience;
    // The end of the run removes what it leaves, so nothing is waited for.
    const stop = () => child.kill('SIGKILL');
    signal.addEventListener('abort', stop, { once: true });
    const end = (code) => {
      clearTimeout(patience);
      signal.removeEventListener('abort', stop);
      resolve({ code: code ?? 1, lingered });
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear);
    child.on('message', (message) => {
      take(message);
      if (message.event !== 'end') return;
      patience = setTimeout(() => {
        lingered = true;
        child.kill('SIGKILL');
      }, EXITS_WITHIN_MS);
    });
    child.once('error', (error) => {
      hear(`${step.command}: ${error.message}\n`);
      end(1);
    });
    // Grandchildren may hold its outputs open; the end of the run removes them.
    child.once('exit', (code) => (signal.aborted || lingered) && end(code));
    child.once('close', end);
  });
}

/**
 * A step dies with us, however we die. One that gives way gets a third of the share of others that want the same
 * core.
 */
function prefix({ givesWay }) {
  return [
    ...(existsSync('/usr/bin/setpriv') ? ['setpriv', '--pdeathsig', 'KILL', '--'] : []),
    ...(givesWay ? ['nice', '-n', '5'] : []),
  ];
}
