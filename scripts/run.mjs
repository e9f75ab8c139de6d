/**
 * Every npm script starts here, on whatever Node there is (20 or newer): it installs what is missing, then runs the
 * task on the project's own Node from node_modules.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildConsole } from './build-console.mjs';
import { PNPM } from './pnpm.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');
const node = join(bin, 'node');
const say = (text) => process.stdout.write(`${text}\n`);

const [task, ...args] = process.argv.slice(2);
const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };

/** Runs a command in the foreground and resolves to its exit code; Ctrl-C reaches it as it reaches us. */
function run(command, commandArgs) {
  return new Promise((resolve) => {
    const child = spawn(command, commandArgs, { cwd: root, env, stdio: 'inherit' });
    const forward = (signal) => child.kill(signal);
    process.on('SIGTERM', forward);
    process.on('SIGINT', () => undefined);
    child.once('error', (error) => {
      say(`${command}: ${error.message}`);
      resolve(1);
    });
    child.once('close', (code) => {
      process.off('SIGTERM', forward);
      resolve(code ?? 1);
    });
  });
}

/** Installs dependencies where the lock file is not the one that is installed. */
async function install() {
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'];
  const wanted = createHash('sha256')
    .update(files.map((file) => readFileSync(join(root, file), 'utf8')).join('\0'))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.leafcutter-installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(node)) return;
  say('Installing dependencies (about 20 s the first time) …');
  const code = await run('npx', [
    '--yes',
    PNPM,
    'install',
    '--frozen-lockfile',
    '--config.confirmModulesPurge=false',
  ]);
  if (code !== 0) {
    say('Installing failed. The lines above say why; a registry that cannot be reached is the usual cause.');
    process.exit(code);
  }
  writeFileSync(stamp, wanted);
}

const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 20) {
  say(`Node ${process.versions.node} is too old; 20 or newer is needed to install the rest.`);
  process.exit(1);
}
await install();
const unbuilt = buildConsole(node);
if (unbuilt !== undefined) {
  say(unbuilt);
  process.exit(1);
}
const target = task === 'dev' ? ['packages/cli/src/main.ts', 'dev'] : ['scripts/tasks.mjs', task ?? ''];
process.exit(await run(node, [...target, ...args]));
