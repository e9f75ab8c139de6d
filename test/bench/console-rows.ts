import { randomUUID } from 'node:crypto';
import type { BufferView, ReportRequest } from '@leafcutter/shared/wire';
import { Pool } from 'undici';
import { openPage, startBrowser } from '../support/browser.ts';
import type { Service } from '../support/service.ts';
import { startOneCoordinator } from './one-coordinator.ts';
import type { Row } from './rounds.ts';

const AGENTS = 200;
const TAGS = 50;

/**
 * 200 agents with 50 tags each report to one coordinator on MariaDB and Redis: each 15 s while nobody watches, each
 * second while a browser does. What that costs the coordinator, what one browser is sent, and how even its frames are.
 */
export async function consoleRows(quick: boolean, progress: (text: string) => void): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const { coordinator } = await startOneCoordinator(stack);
  for (const tag of tagNames()) {
    await coordinator.json('/v1/tags', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tag }),
    });
  }
  const fleet = new SimulatedFleet(coordinator.url);
  stack.defer(() => fleet.stop());
  const browser = await startBrowser();
  stack.defer(() => browser.close());
  const seconds = quick ? 8 : 20;

  progress('console: 200 agents, nobody watches');
  await sleep(3_000);
  const idle = await cpuShare(coordinator, seconds);
  const figures: Record<string, string> = { 'coordinator CPU, nobody watches': percent(idle) };
  for (const [name, place, stream] of [
    ['fleet page', '#/', '/v1/events'],
    ['tag page, 200 agents', '#/tags/tag-7', '/v1/events?tag=tag-7'],
    ['machine ids', '#/machine-ids', '/v1/events?view=machine-ids'],
  ] as const) {
    progress(`console: ${name}`);
    const { page } = await openPage(browser);
    await page.goto(`${coordinator.url}/${place}`);
    await sleep(6_000);
    const [cpu, bytes, frames] = await Promise.all([
      cpuShare(coordinator, seconds),
      bytesPerSecond(coordinator.url + stream, seconds),
      page.evaluate(FRAMES.replace('SECONDS', String(seconds))) as Promise<number[]>,
    ]);
    await page.context().close();
    const sorted = frames.toSorted((a, b) => a - b);
    const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN).toFixed(1);
    figures[name] =
      `coordinator CPU ${percent(cpu)}; ${Math.round(bytes / 1024)} KiB/s a browser; frames p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms`;
  }
  figures.reports = `${fleet.answered} answered, ${fleet.failed} failed`;
  return [{ row: `console, ${AGENTS} agents × ${TAGS} tags`, figures }];
}

/** Time between frames, as the page sees it. */
const FRAMES = `new Promise((resolve) => {
  const gaps = []; let last = performance.now(); const end = last + SECONDS * 1000;
  const tick = (now) => { gaps.push(now - last); last = now; now < end ? requestAnimationFrame(tick) : resolve(gaps.slice(1)); };
  requestAnimationFrame(tick);
})`;

/** Agents that report as real ones do, and hold nothing. */
class SimulatedFleet {
  answered = 0;
  failed = 0;
  readonly #pool: Pool;
  readonly #timers = new Set<NodeJS.Timeout>();
  #isOver = false;

  constructor(url: string) {
    this.#pool = new Pool(url, { connections: 32 });
    for (let n = 0; n < AGENTS; n++) this.#later(Math.random() * 1_000, () => this.#report(n, randomUUID()));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#pool.destroy();
  }

  async #report(n: number, instanceId: string): Promise<void> {
    let again = 15_000;
    try {
      const response = await this.#pool.request({
        method: 'POST',
        path: '/v1/agents/report',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(reportOf(n, instanceId)),
      });
      const { nextReportMs } = (await response.body.json()) as { nextReportMs?: number };
      if (nextReportMs === undefined) throw new Error(`status ${response.statusCode}`);
      this.answered += 1;
      again = Math.min(again, nextReportMs);
    } catch {
      if (!this.#isOver) this.failed += 1;
    }
    if (!this.#isOver) this.#later(again, () => this.#report(n, instanceId));
  }

  #later(ms: number, work: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void work();
    }, ms);
    this.#timers.add(timer);
  }
}

function tagNames(): string[] {
  return Array.from({ length: TAGS }, (_, n) => `tag-${n}`);
}

function reportOf(n: number, instanceId: string): ReportRequest {
  const at = Date.now();
  const tags = tagNames().map((tag, index): BufferView => {
    const used = Math.floor((at / 10 + n * 37 + index * 11) % 10_000);
    return {
      tag,
      current: { start: '10000001', end: '10010001', used, size: 10_000 },
      next: { start: '20000001', end: '20010001', used: 0, size: 10_000 },
      prefetchAt: 1_000,
      remaining: 20_000 - used,
      ratePerSecond: 100,
      runwaySeconds: (20_000 - used) / 100,
      refill: 'idle',
      lastError: null,
      waiting: 0,
    };
  });
  return {
    agentId: `pod-${n}`,
    instanceId,
    version: 'bench',
    timeMs: at,
    clock: { offsetMs: 1, skewed: false },
    tags,
    snowflake: null,
    tagCount: TAGS,
    names: [],
    intervalMs: 15_000,
    leaving: false,
  };
}

/** Share of one core that the service used. */
async function cpuShare(service: Service, seconds: number): Promise<number> {
  const read = async () => {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1]);
  };
  const [before, begun] = [await read(), performance.now()];
  await sleep(seconds * 1000);
  return ((await read()) - before) / ((performance.now() - begun) / 1000);
}

async function bytesPerSecond(url: string, seconds: number): Promise<number> {
  const leaving = new AbortController();
  const timer = setTimeout(() => leaving.abort(), seconds * 1000);
  let bytes = 0;
  try {
    const response = await fetch(url, { signal: leaving.signal });
    for await (const part of response.body ?? []) bytes += part.length;
  } catch {
    // Left after the time was over.
  } finally {
    clearTimeout(timer);
  }
  return bytes / seconds;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} % of a core`;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
