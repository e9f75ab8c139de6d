import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { hasVersion, unpackVersion } from '../support/earlier-version.ts';
import { startProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';
import { wrkUnhurried } from './load-tools.ts';
import { type Round, type Row, ratios, spread } from './rounds.ts';

/** Before services were bundled. */
const UNBUNDLED = '74c29d9';
const ROUNDS = 3;
/** A service is idle when its start is over: its first reports are sent, its first segments fetched. */
const IDLE_AFTER_MS = 6_000;
/** How long idle services are watched together, and an agent is loaded. */
const WATCHED_MS = 30_000;
const LOADED_S = 8;
const TAG = 'bench';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

type Progress = (text: string) => void;

interface Figures {
  readonly readyMs: number;
  readonly residentMb: number;
}

/** What a released service takes, beside one run from older sources and a bare HTTP server. In all about five minutes. */
export async function footprintRows(progress: Progress): Promise<Row[]> {
  if (!hasVersion(UNBUNDLED)) {
    return [{ row: 'footprint', figures: { 'not measured': `this clone has no ${UNBUNDLED}` } }];
  }
  await using stack = new AsyncDisposableStack();
  const folder = await releasedProgram();
  const released = join(folder, 'bin/leafcutter.mjs');
  const unbundled = await unpackVersion(UNBUNDLED);
  const flags = ['--data-dir', await scratchDir('bench-footprint')];
  const coordinator = await Service.start({ pace: 'product', kind: 'coordinator', name: 'bench', flags });
  stack.defer(() => coordinator.stop());
  await coordinator.json('/v1/tags', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tag: TAG, step: 1_000_000 }),
  });
  const agent = ['--coordinators', coordinator.url, '--snowflake-enabled'];
  const programs = { released, unbundled };
  const rows: Row[] = [sizeOf(folder)];
  for (const kind of ['agent', 'coordinator'] as const) {
    const ready: Round[] = [];
    const resident: Round[] = [];
    // The first round fills the caches of compiled code; each program has its own.
    for (let round = 0; round <= ROUNDS; round++) {
      progress(`footprint: ${kind}, round ${round} of ${ROUNDS}`);
      const measure = async (main: string) =>
        figuresOf(kind, main, kind === 'agent' ? agent : ['--data-dir', await scratchDir('bench-footprint')]);
      const subject = await measure(released);
      const baseline = await measure(unbundled);
      if (round === 0) continue;
      ready.push({ subject: subject.readyMs, baseline: baseline.readyMs });
      resident.push({ subject: subject.residentMb, baseline: baseline.residentMb });
    }
    const before = `${kind} of the release vs sources of ${UNBUNDLED}`;
    const atMost = kind === 'agent' ? 0.6 : 0.7;
    rows.push({ row: `${before}: resident when idle`, unit: 'MB', atMost, ...ratios(resident) });
    rows.push({ row: `${before}: start to ready`, unit: 'ms', atMost: 0.4, ...ratios(ready) });
  }
  rows.push(await loaded(programs, coordinator.url, progress));
  rows.push(await idleCpu(programs, coordinator.url, progress));
  rows.push({ row: 'a bare node:http server', figures: { 'resident when idle': await bareServer() } });
  return rows;
}

/** Makes the program that npm would install. */
async function releasedProgram(): Promise<string> {
  const folder = await scratchDir('bench-release');
  execFileSync(process.execPath, ['scripts/release/program.mjs', folder], { cwd: ROOT, stdio: 'pipe' });
  return folder;
}

function sizeOf(folder: string): Row {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  const figures = {
    files: `${files.length} (asked: ≤ 60)`,
    size: `${(bytes / 1e6).toFixed(1)} MB (asked: ≤ 12)`,
  };
  return { row: 'what npm installs of the release', figures };
}

async function figuresOf(kind: 'agent' | 'coordinator', main: string, flags: string[]): Promise<Figures> {
  const begun = performance.now();
  const service = await Service.start({ pace: 'product', kind, name: 'footprint', main, flags });
  const readyMs = performance.now() - begun;
  try {
    await sleep(IDLE_AFTER_MS);
    return { readyMs, residentMb: residentMb(service.process.pid) };
  } finally {
    await service.stop();
  }
}

interface Programs {
  readonly released: string;
  readonly unbundled: string;
}

/** What an agent takes after some seconds at about 25,000 requests a second. */
async function loaded(programs: Programs, coordinator: string, progress: Progress): Promise<Row> {
  const resident: Round[] = [];
  const rates: number[] = [];
  const measure = async (main: string) => {
    const flags = ['--coordinators', coordinator];
    const agent = await Service.start({ pace: 'product', kind: 'agent', name: 'footprint', main, flags });
    try {
      rates.push((await wrkUnhurried(`${agent.url}/v1/ids/${TAG}`, LOADED_S)).perSecond);
      return residentMb(agent.process.pid);
    } finally {
      await agent.stop();
    }
  };
  for (let round = 1; round <= ROUNDS; round++) {
    progress(`footprint: agent under load, round ${round} of ${ROUNDS}`);
    resident.push({
      subject: await measure(programs.released),
      baseline: await measure(programs.unbundled),
    });
  }
  const note = `${(Math.round(spread(rates).median / 1_000) * 1_000).toLocaleString('en')} requests/s`;
  const row = `agent of the release vs sources of ${UNBUNDLED}: resident under load`;
  return { row, unit: 'MB', atMost: 0.65, note, ...ratios(resident) };
}

/** The processor time of idle services, all of them watched at once. */
async function idleCpu(programs: Programs, coordinator: string, progress: Progress): Promise<Row> {
  await using stack = new AsyncDisposableStack();
  const services = new Map<string, number>();
  for (const [name, main] of Object.entries(programs)) {
    for (const kind of ['agent', 'coordinator'] as const) {
      progress(`footprint: idle ${kind}, ${name}`);
      const flags =
        kind === 'agent'
          ? ['--coordinators', coordinator, '--snowflake-enabled']
          : ['--data-dir', await scratchDir('bench-footprint')];
      const service = await Service.start({ pace: 'product', kind, name: 'footprint', main, flags });
      stack.defer(() => service.stop());
      const asked = kind === 'agent' && name === 'released' ? ' (asked: ≤ 0.5 %)' : '';
      services.set(`${kind}, ${name}${asked}`, service.process.pid);
    }
  }
  await sleep(2 * IDLE_AFTER_MS);
  const before = [...services.values()].map(cpuMs);
  await sleep(WATCHED_MS);
  const shares = [...services].map(([name, pid], index) => {
    const percent = (100 * (cpuMs(pid) - (before[index] ?? 0))) / WATCHED_MS;
    return [name, `${percent.toFixed(2)} %`] as const;
  });
  return { row: 'processor time of idle services', figures: Object.fromEntries(shares) };
}

/** Processor time of all threads so far, in milliseconds. */
function cpuMs(pid: number): number {
  const spent = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return spent.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e6;
}

async function bareServer(): Promise<string> {
  const args = [fileURLToPath(new URL('constant-server.ts', import.meta.url))];
  await using server = startProcess({ command: process.execPath, args, name: 'bare server' });
  await server.waitForLine(/listening on/);
  await sleep(IDLE_AFTER_MS);
  return `${residentMb(server.pid).toFixed(0)} MB`;
}

function residentMb(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
