/** The tasks behind the npm scripts, run on the project's own Node. */
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildDocuments } from './build-documents.mjs';
import { runLanes } from './lanes.mjs';
import { provision } from './provision.mjs';
import { lanesOf, TASKS } from './steps.mjs';
import { summarize } from './summary.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const write = (text) => process.stdout.write(text);
const say = (line) => write(`${line}\n`);
const [task = '', ...args] = process.argv.slice(2);

const INTERRUPTED = 130;

process.chdir(root);
if (task === 'build') {
  const problem = await buildDocuments(root, say);
  if (problem !== undefined) say(problem);
  process.exit(problem === undefined ? 0 : 1);
}
if (task === 'docs') {
  const { buildSite } = await import('./build-site.mjs');
  const problem = buildSite(root, say);
  if (problem !== undefined) say(problem);
  process.exit(problem === undefined ? 0 : 1);
}
if (task === 'release') {
  const { release } = await import('./release/release.mjs');
  const options = {
    out: { type: 'string', default: join(root, 'dist') },
    maps: { type: 'string' },
    // Executables and packages for Debian take longer than all the rest.
    'npm-only': { type: 'boolean' },
  };
  const { out, maps, 'npm-only': npmOnly } = parseArgs({ args, options }).values;
  for (const name of await release(root, out, { maps, archs: npmOnly ? [] : undefined }))
    say(`${String(statSync(join(out, name)).size).padStart(10)}  ${join(out, name)}`);
  process.exit(0);
}
const lanes = lanesOf(task, args);
if (lanes === undefined) {
  say(`There is no task "${task}"; there are build, docs, release, ${TASKS.join(', ')}.`);
  process.exit(64);
}

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interruption.abort());

// Installing goes on beside the steps that need no servers, and always to its end: dpkg must not be left half-way.
const needsServers = lanes.flat().some((step) => step.needsServers);
const provided = needsServers
  ? provision({ log: say, forBench: task === 'bench' })
  : Promise.resolve({ problem: undefined });

const results = await runLanes(lanes, {
  write,
  env: process.env,
  serversReady: async () => (await provided).problem,
  signal: interruption.signal,
});
await provided;
if (interruption.signal.aborted) {
  say('\nInterrupted.');
  process.exit(INTERRUPTED);
}
const { text, isGreen } = summarize(results, args);
say(`\n${text}`);
process.exit(isGreen ? 0 : 1);
