import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { hasVersion, unpackVersion } from '../support/earlier-version.ts';
import { startProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';
import { type Round, type Row, ratios } from './rounds.ts';

/** Before services were bundled. */
const UNBUNDLED = '74c29d9';
const ROUNDS = 5;
/** A service is idle when its start is over: its first reports are sent, its first segments fetched. */
const IDLE_AFTER_MS = 6_000;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Figures {
  readonly readyMs: number;
  readonly residentMb: number;
}

/** What an idle released service takes, beside one run from older sources and a bare HTTP server. */
export async function footprintRows(progress: (text: string) => void): Promise<Row[]> {
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
  const agent = ['--coordinators', coordinator.url, '--snowflake-enabled'];
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
