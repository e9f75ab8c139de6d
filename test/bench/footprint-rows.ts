import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { hasVersion, unpackVersion } from '../support/earlier-version.ts';
import { startProcess } from '../support/process.ts';
import { ROOT } from '../support/root.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';
import { wrkUnhurried } from './load-tools.ts';
import { releasedProgram } from './released-program.ts';
import { type Round, type Row, ratios, spread } from './rounds.ts';

/** Before services were bundled. */
const UNBUNDLED = '74c29d9';
/** A service is idle when its start is over: its first reports are sent, its first segments fetched. */
const IDLE_AFTER_MS = 12_000;
/** How long idle services are watched together, and each agent is loaded. */
const WATCHED_MS = 60_000;
const LOADED_S = 6;
/** The load, in requests a second, at which the memory of an agent is judged. */
const ASKED_RATE = 20_000;
const TAG = 'bench';
const KINDS = ['agent', 'coordinator'] as const;

type Kind = (typeof KINDS)[number];
type Side = 'subject' | 'baseline';
type Progress = (text: string) => void;

interface Program {
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A service, and what it took. */
interface Measured {
  readonly service: Service;
  readonly readyMs: number;
  idleMb: number;
  idlePercent: number;
}
type Pair = Readonly<Record<Side, Measured>>;

/**
 * What a released service takes, beside one run from older sources and a bare HTTP server, in about four minutes. All
 * are started one by one and then idle together, for so long that a minute of it shows what each does by itself.
 */
export async function footprintRows(quick: boolean, progress: Progress): Promise<Row[]> {
  if (!hasVersion(UNBUNDLED)) {
    return [{ row: 'footprint', figures: { 'not measured': `this clone has no ${UNBUNDLED}` } }];
  }
  await using stack = new AsyncDisposableStack();
  progress('footprint: making the release');
  const folder = await releasedProgram();
  // Each as its users ran it: a release keeps compiled code, and sources did not.
  const compiled = await scratchDir('bench-compiled');
  const programs: Readonly<Record<Side, Program>> = {
    subject: { main: join(folder, 'bin/leafcutter.mjs'), env: { NODE_COMPILE_CACHE: compiled } },
    baseline: { main: await unpackVersion(UNBUNDLED), env: { NODE_DISABLE_COMPILE_CACHE: '1' } },
  };
  const coordinator = await Service.start({
    pace: 'product',
    kind: 'coordinator',
    name: 'bench',
    flags: ['--data-dir', await scratchDir('bench-footprint')],
  });
  stack.defer(() => coordinator.stop());
  await coordinator.json('/v1/tags', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tag: TAG, step: 1_000_000 }),
  });
  const agent = ['--coordinators', coordinator.url, '--snowflake-enabled'];
  const rounds = quick ? 2 : 5;
  const started: Record<Kind, Pair[]> = { agent: [], coordinator: [] };
  for (const kind of KINDS) {
    const start = async (side: Side) => {
      const flags = kind === 'agent' ? agent : ['--data-dir', await scratchDir('bench-footprint')];
      const measured = await startOne(kind, { flags, ...programs[side] });
      stack.defer(() => measured.service.stop());
      return measured;
    };
    // The first fills the cache of compiled code.
    await (await start('subject')).service.stop();
    for (let round = 1; round <= rounds; round++) {
      progress(`footprint: ${kind}, start ${round} of ${rounds}`);
      started[kind].push({ subject: await start('subject'), baseline: await start('baseline') });
    }
  }
  await watchIdle([...started.agent, ...started.coordinator], progress);
  return [
    sizesOf(folder),
    ...KINDS.flatMap((kind) => idleRows(kind, started[kind])),
    await loadedRow(started.agent, progress),
    { row: 'a bare node:http server', figures: { 'resident when idle': await bareServer() } },
  ];
}

/** The layers of an image hold the same, and its check of health. */
function sizesOf(folder: string): Row {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  const check = statSync(join(ROOT, 'deploy/healthcheck.mjs')).size;
  const figures = {
    files: `${files.length} (asked: ≤ 60)`,
    size: `${(bytes / 1e6).toFixed(1)} MB (asked: ≤ 12)`,
    'what an image adds to its base': `${((bytes + check) / 1e6).toFixed(1)} MB (asked: ≤ 12)`,
  };
  return { row: 'what npm installs of the release', figures };
}

async function startOne(kind: Kind, how: Program & { readonly flags: readonly string[] }): Promise<Measured> {
  const begun = performance.now();
  const service = await Service.start({ pace: 'product', kind, name: 'footprint', ...how });
  return { service, readyMs: performance.now() - begun, idleMb: 0, idlePercent: 0 };
}

/** All are watched at once, so that each was disturbed as the others were. */
async function watchIdle(pairs: readonly Pair[], progress: Progress): Promise<void> {
  const all = pairs.flatMap(({ subject, baseline }) => [subject, baseline]);
  progress(`footprint: ${all.length} idle services`);
  await sleep(IDLE_AFTER_MS);
  const before = all.map(({ service }) => cpuMs(service.process.pid));
  await sleep(WATCHED_MS);
  for (const [index, measured] of all.entries()) {
    const { pid } = measured.service.process;
    measured.idlePercent = (100 * (cpuMs(pid) - (before[index] ?? 0))) / WATCHED_MS;
    measured.idleMb = residentMb(pid);
  }
}

function idleRows(kind: Kind, pairs: readonly Pair[]): Row[] {
  const name = `${kind} of the release vs sources of ${UNBUNDLED}`;
  const rounds = (of: (measured: Measured) => number): Round[] =>
    pairs.map(({ subject, baseline }) => ({ subject: of(subject), baseline: of(baseline) }));
  const idle = rounds(({ idlePercent }) => idlePercent);
  const share = (side: Side) => spread(idle.map((round) => round[side])).median.toFixed(2);
  return [
    {
      row: `${name}: resident when idle`,
      unit: 'MB',
      atMost: kind === 'agent' ? 0.6 : 0.7,
      ...ratios(rounds(({ idleMb }) => idleMb)),
    },
    {
      row: `${name}: start to ready`,
      unit: 'ms',
      atMost: 0.4,
      ...ratios(rounds(({ readyMs }) => readyMs)),
    },
    {
      row: `processor time of an idle ${kind}`,
      figures: {
        'of the release': `${share('subject')} %${kind === 'agent' ? ' (asked: ≤ 0.5)' : ''}`,
        [`of ${UNBUNDLED}`]: `${share('baseline')} %`,
      },
    },
  ];
}

/** What an agent takes after some seconds at about 25,000 requests a second. */
async function loadedRow(agents: readonly Pair[], progress: Progress): Promise<Row> {
  const rates: number[] = [];
  const load = async ({ service }: Measured) => {
    rates.push((await wrkUnhurried(`${service.url}/v1/ids/${TAG}`, LOADED_S)).perSecond);
    return residentMb(service.process.pid);
  };
  const rounds: Round[] = [];
  for (const [index, { subject, baseline }] of agents.entries()) {
    progress(`footprint: agents under load, round ${index + 1} of ${agents.length}`);
    rounds.push({ subject: await load(subject), baseline: await load(baseline) });
  }
  const rate = spread(rates).median;
  const note = `${Math.round(rate).toLocaleString('en')} requests/s; asked for at ${ASKED_RATE.toLocaleString('en')}`;
  const row = `agent of the release vs sources of ${UNBUNDLED}: resident under load`;
  // A machine that is too busy for the load says nothing about it.
  const judged = rate >= ASKED_RATE ? { atMost: 0.65 } : {};
  return { row, unit: 'MB', ...judged, note, ...ratios(rounds) };
}

/** Processor time of all threads so far, in milliseconds. */
function cpuMs(pid: number): number {
  const spent = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return spent.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e6;
}

async function bareServer(): Promise<string> {
  const args = [fileURLToPath(new URL('constant-server.mjs', import.meta.url))];
  await using server = startProcess({ command: process.execPath, args, name: 'bare server' });
  await server.waitForLine(/listening on/);
  await sleep(IDLE_AFTER_MS);
  return `${residentMb(server.pid).toFixed(0)} MB`;
}

function residentMb(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
