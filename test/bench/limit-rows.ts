import { join } from 'node:path';
import { freePort } from '../support/ports.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';
import { type Load, wrk } from './load-tools.ts';
import { MemoryLimit } from './memory-limit.ts';
import { releasedProgram } from './released-program.ts';
import { type Row, ratios } from './rounds.ts';

/** The limits of small sidecars, in MB. */
const LIMITS = [256, 128];
const TAG = 'bench';
/** What is asked for: one ID, and the most that one request may ask for. */
const ASKS = [
  { what: 'one ID', path: `/v1/ids/${TAG}` },
  { what: '1,000 IDs', path: `/v1/ids/${TAG}?count=1000` },
];

/** A released agent under the memory limit of a small sidecar, beside one without a limit; at full speed, 64 connections. */
export async function limitRows(
  rounds: number,
  quick: boolean,
  progress: (text: string) => void,
): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  progress('limits: making the release');
  const main = join(await releasedProgram(), 'bin/leafcutter.mjs');
  const data = ['--data-dir', await scratchDir('bench-limits')];
  const coordinator = await Service.start({
    pace: 'product',
    kind: 'coordinator',
    name: 'bench',
    flags: data,
  });
  stack.defer(() => coordinator.stop());
  await coordinator.json('/v1/tags', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tag: TAG, step: 1_000_000 }),
  });
  const flags = ['--coordinators', coordinator.url];
  // With a port, the process is started before `Service.start` waits for anything.
  const start = (port: number) =>
    Service.start({ pace: 'product', kind: 'agent', name: 'bench', flags, main, port });
  const free = await start(await freePort());
  stack.defer(() => free.stop());
  const rows: Row[] = [];
  for (const megabytes of LIMITS) {
    const limit = MemoryLimit.of(megabytes);
    if (limit === undefined) {
      rows.push({
        row: `agent held to ${megabytes} MB`,
        figures: { 'not measured': 'needs root and cgroups' },
      });
      continue;
    }
    stack.use(limit);
    const port = await freePort();
    const held = await limit.inside(() => start(port));
    stack.defer(() => held.stop());
    for (const { what, path } of ASKS) {
      const measured: { own: Load; other: Load }[] = [];
      for (let round = 0; round <= rounds; round++) {
        progress(
          `limits: ${megabytes} MB, ${what}: ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}`,
        );
        const own = await wrk(`${held.url}${path}`, quick ? 1 : 3);
        const other = await wrk(`${free.url}${path}`, quick ? 1 : 3);
        if (round > 0) measured.push({ own, other });
      }
      const tail = ratios(measured.map(({ own, other }) => ({ subject: own.p99, baseline: other.p99 })));
      rows.push({
        row: `agent held to ${megabytes} MB, ${what}, vs one without a limit`,
        unit: 'requests/s',
        ...ratios(measured.map(({ own, other }) => ({ subject: own.perSecond, baseline: other.perSecond }))),
        note: `p99 ${tail.subject.median.toFixed(1)} vs ${tail.baseline.median.toFixed(1)} ms; held ${limit.peakMb.toFixed(0)} MB at most`,
      });
    }
  }
  return rows;
}
