/**
 * Every npm script starts here, on any Node from version 20 on. It installs what is missing and then runs the task on
 * the project's own Node from node_modules. A task that tests is a run with a folder of its own. However the task
 * ends, what it left is removed here; if this process is killed, the next run removes it.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildConsole } from './build-console.mjs';
import { PNPM } from './pnpm.mjs';
import { endDeadRuns, endRun, openRun } from './run-folder.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');
const node = join(bin, 'node');
const say = (text) => process.stdout.write(`${text}\n`);

const [task, ...args] = process.argv.slice(2);
const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };

/** The child in the foreground, and the signal that asked us to end. */
let foreground;
let asked;

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    if (asked === undefined && task !== 'dev') say('\nStopping, and removing what was started …');
    asked ??= signal;
    // Ctrl-C reaches the child as it reaches us, and `npm start` takes a second one as a request to hurry.
    if (signal === 'SIGTERM' || task !== 'dev') foreground?.kill(signal);
  });
}

/** Runs a command in the foreground and resolves to its exit code. */
function run(command, commandArgs) {
  return new Promise((resolve) => {
    foreground = spawn(command, commandArgs, { cwd: root, env, stdio: 'inherit' });
    foreground.once('error', (error) => {
      say(`${command}: ${error.message}`);
      resolve(1);
    });
    foreground.once('close', (code) => resolve(code ?? 1));
  });
}

/** Installs dependencies if the lock file differs from the installed one. Resolves to an exit code. */
async function install() {
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'];
  const wanted = createHash('sha256')
    .update(files.map((file) => readFileSync(join(root, file), 'utf8')).join('\0'))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.leafcutter-installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(node)) return 0;
  say('Installing dependencies (about 20 s the first time) …');
  const flags = ['--frozen-lockfile', '--config.confirmModulesPurge=false'];
  const code = await run('npx', ['--yes', PNPM, 'install', ...flags]);
  if (code === 0) writeFileSync(stamp, wanted);
  else
    say('Installing failed. The lines above say why; a registry that cannot be reached is the usual cause.');
  return code;
}

/** Resolves to the exit code of the task, or of what had to come before it. */
async function runTask() {
  const code = await install();
  if (code !== 0) return code;
  const unbuilt = buildConsole(node);
  if (unbuilt !== undefined) {
    say(unbuilt);
    return 1;
  }
  if (asked !== undefined) return 1;
  if (task === 'dev') return run(node, ['packages/cli/src/main.ts', 'dev', ...args]);
  const line = [node, 'scripts/tasks.mjs', task ?? '', ...args];
  // If we are killed, the task is told to end.
  const bound = existsSync('/usr/bin/setpriv') ? ['setpriv', '--pdeathsig', 'TERM', '--', ...line] : line;
  return run(bound[0], bound.slice(1));
}

/** Runs the task in a folder of its own, which is gone with everything started in it when this resolves. */
async function runInFolder() {
  const dead = await endDeadRuns();
  if (dead.length > 0) say(`Removed what a run left that was killed: ${dead.join(', ')}`);
  const folder = openRun();
  env.TMPDIR = folder;
  try {
    return await runTask();
  } finally {
    await endRun(folder);
  }
}

const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 20) {
  say(`Node ${process.versions.node} is too old; 20 or newer is needed to install the rest.`);
  process.exit(1);
}
if (task === 'dev' || task === 'build' || task === 'release') process.exit(await runTask());
const code = await runInFolder();
process.exit(asked === undefined ? code : 128 + constants.signals[asked]);
