/** Installs a release in every way that there is and tries it: `npm run test:install`. Not in CI: it fetches much. */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { VERSION } from '@leafcutter/shared/version';
import { scratchDir } from '../support/scratch-dir.ts';
import { ofDebian } from './debian.ts';
import { ofImage } from './image.ts';
import { ofClients, ofNodes } from './package-managers.ts';
import { ofRegistry } from './registry.ts';
import { NotRun, type Release, sh, type Way } from './tools.ts';
import { ofExecutables } from './without-node.ts';

const WAYS: readonly Way[] = [...ofExecutables, ...ofNodes, ...ofClients, ofRegistry, ofImage, ofDebian];

const HELP = `Usage: npm run test:install -- [--release FOLDER] [WORD …]

Installs a release in every way that there is, tries it, and prints a table.
  --release FOLDER   the release; default: one is made
  WORD               ways with it in their names only: ${WAYS.map(({ name }) => name).join(' | ')}
`;

interface Row {
  readonly way: string;
  readonly verdict: 'works' | 'FAILED' | 'NOT RUN';
  readonly seconds: number;
  readonly told: string;
}

const say = (text: string) => process.stdout.write(`${text}\n`);
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { release: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});

async function makeRelease(): Promise<string> {
  const folder = await scratchDir('release');
  say('Making the release …');
  execFileSync(process.execPath, ['scripts/tasks.mjs', 'release', '--out', folder], { stdio: 'inherit' });
  return folder;
}

async function tryWay({ name, attempt }: Way, release: Release): Promise<Row> {
  say(`${name} …`);
  const begunMs = performance.now();
  const row = (verdict: Row['verdict'], told: string) => {
    const seconds = (performance.now() - begunMs) / 1_000;
    say(`${name}: ${verdict} after ${seconds.toFixed(0)} s: ${told}`);
    return { way: name, verdict, seconds, told: told.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|') };
  };
  try {
    return row('works', await attempt(release));
  } catch (error) {
    if (error instanceof NotRun) return row('NOT RUN', error.message);
    return row('FAILED', error instanceof Error ? error.message : String(error));
  }
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ way, verdict, seconds, told }) =>
      `| ${[way, verdict, seconds.toFixed(0), told.slice(0, 200)].join(' | ')} |`,
  );
  return ['| way | | seconds | |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

if (values.help === true) say(HELP);
else {
  const chosen = WAYS.filter(
    ({ name }) => positionals.length === 0 || positionals.some((it) => name.includes(it)),
  );
  if (chosen.length === 0) throw new Error(`No way has any of these words.\n\n${HELP}`);
  const release = { folder: values.release ?? (await makeRelease()), version: VERSION };
  await sh('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: release.folder });
  const rows: Row[] = [];
  for (const way of chosen) rows.push(await tryWay(way, release));
  say(`\n${table(rows)}`);
  process.exitCode = rows.some(({ verdict }) => verdict === 'FAILED') ? 1 : 0;
}
