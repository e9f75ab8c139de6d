/** Tries other servers than those that the tests install. Not in CI: it downloads some 300 MB. */
import { parseArgs } from 'node:util';
import { PATIENCE_MS } from '../support/patience.ts';
import { startProcess } from '../support/process.ts';
import { SERVERS, type ServerKind } from './catalogue.ts';
import { UnobtainableError } from './download.ts';
import type { LoadResult } from './load.ts';
import { obtain } from './obtain.ts';
import { notRun, PAGE, type Verdict, writePage } from './page.ts';
import { environment, ROOT, runSuites, suitesOf } from './suites.ts';

const HELP = `Usage: npm run test:servers -- [--get] [SERVER …]

Gets other servers than those that the tests install, runs the contract suites and a load on each, and writes
docs/compatibility.md. Servers are kept in ~/.cache/leafcutter-servers.
  --get     only gets them
  SERVER    some of: ${SERVERS.map(({ name }) => name).join(', ')}; the first word will do
`;
/** Far above what a load takes. */
const LOAD_LIMIT_MS = 3 * PATIENCE_MS;
const MAX_TOLD = 5;

const begunMs = performance.now();

function say(text: string): void {
  process.stdout.write(`${((performance.now() - begunMs) / 1_000).toFixed(0).padStart(5)} s  ${text}\n`);
}

async function runLoad({ dialect }: ServerKind, bin: string): Promise<LoadResult> {
  const load = startProcess({
    name: 'load',
    command: process.execPath,
    args: ['test/servers/load.ts', dialect === 'redis' ? 'redis' : 'mysql'],
    cwd: ROOT,
    env: environment(bin),
  });
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    void load.kill();
  }, LOAD_LIMIT_MS);
  const { code } = await load.exited;
  clearTimeout(limit);
  if (code === 0) return JSON.parse(load.lines.at(-1) ?? '') as LoadResult;
  const why = isLate ? `the load did not end within ${LOAD_LIMIT_MS / 1_000} s` : load.tail(5);
  return { ids: 0, duplicates: 0, others: [why.replaceAll(/\s+/g, ' ')], hasRecovered: !isLate };
}

async function judge(server: ServerKind, bin: string): Promise<Verdict> {
  const files = suitesOf(server);
  say(`${server.name}: runs ${files.length} contract suites …`);
  const { passed, skipped, red } = await runSuites(files, bin, (file, outcome) => {
    say(`${server.name}: ${file}: ${outcome.passed} passed, ${outcome.red.length} failed`);
    for (const { test, how } of outcome.red) say(`${server.name}: RED ${test}: ${how}`);
  });
  say(`${server.name}: ${passed} passed, ${red.length} failed, ${skipped} skipped; draws IDs …`);
  const { ids, duplicates, others, hasRecovered } = await runLoad(server, bin);
  for (const what of others) say(`${server.name}: ${what}`);
  const isGood =
    red.length === 0 && duplicates + others.length === 0 && hasRecovered && passed > 0 && ids > 0;
  const failed = red.map(({ test }) => `fails: ${test}`);
  return {
    suites: `${passed} of ${passed + red.length}`,
    ids: String(ids),
    duplicates: String(duplicates),
    verdict: isGood ? 'works' : 'FAILS',
    remarks: [
      ...[...failed, ...others].slice(0, MAX_TOLD),
      ...(skipped > 0 ? [`${skipped} tests of what it does not have`] : []),
      ...(hasRecovered ? [] : ['did not issue again']),
    ],
  };
}

async function tryServer(server: ServerKind, onlyGet: boolean): Promise<Verdict | undefined> {
  try {
    const bin = await obtain(server, (what) => say(`${server.name}: ${what} …`));
    return onlyGet ? undefined : await judge(server, bin);
  } catch (error) {
    if (!(error instanceof UnobtainableError)) throw error;
    say(`NOT RUN ${server.name}: ${error.message}`);
    return notRun(error.message);
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { get: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
});
if (values.help === true) process.stdout.write(HELP);
else {
  const isWanted = ({ name }: ServerKind) =>
    positionals.length === 0 || positionals.some((word) => name.startsWith(word));
  const wanted = SERVERS.filter(isWanted);
  if (wanted.length === 0) throw new Error(`There is no such server.\n\n${HELP}`);
  const verdicts = new Map<string, Verdict>();
  for (const server of wanted) {
    const verdict = await tryServer(server, values.get);
    if (verdict === undefined) continue;
    verdicts.set(server.name, verdict);
    // After each one, because a run takes half an hour.
    writePage(verdicts);
    say(`${server.name}: ${verdict.verdict}, ${verdict.ids} IDs, ${verdict.duplicates} duplicates`);
  }
  say(`${verdicts.size} verdicts are in ${PAGE}`);
  process.exitCode = [...verdicts.values()].some(({ verdict }) => verdict === 'FAILS') ? 1 : 0;
}
