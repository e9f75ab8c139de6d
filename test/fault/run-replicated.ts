import { setTimeout as sleep } from 'node:timers/promises';
import type { History } from '@leafcutter/cli/verify/history';
import { createPool } from 'mysql2/promise';
import { poll } from '../support/poll.ts';
import { runningMs } from '../support/running-time.ts';
import { Service } from '../support/service.ts';
import { ArenaLoad, newCounts } from './arena-load.ts';
import { briskFlags } from './arena-options.ts';
import { type Findings, findAll } from './findings.ts';
import { keepHistory } from './keep-history.ts';
import { LATEST_MS } from './latest.ts';
import { LedgerMemory } from './ledger-memory.ts';

const AGENTS = 2;
/** Small segments and windows, so that every second needs the stores. */
const STEP = 50;
const WINDOW_MS = 3_000;
const SOURCES = ['hot', 'snowflake'] as const;

export interface ReplicatedSetup {
  readonly name: string;
  /** A node that stays up to the end: the ledger is read from it. */
  readonly mysqlUrl: string;
  /** The variables that tell each coordinator where the stores are. */
  readonly coordinators: readonly Readonly<Record<string, string>>[];
  /** Makes a server fail, and resolves when another one has taken its place. */
  readonly harm: () => Promise<void>;
}

/** What callers saw of it. */
export interface Disturbed {
  readonly name: string;
  readonly ids: number;
  readonly findings: Findings;
  /** The longest time in which an agent issued nothing from a source after the harm, milliseconds. */
  readonly pauseMs: Readonly<Record<(typeof SOURCES)[number], number>>;
  readonly refused: Readonly<Record<string, number>>;
  /** From the harm until every agent issued from every source again; undefined if that never happened. */
  readonly resumedMs: number | undefined;
}

/** Draws from agents on replicated stores before, during and after `harm`, and checks everything that was issued. */
export async function runReplicated(setup: ReplicatedSetup & { steadyMs: number }): Promise<Disturbed> {
  await using stack = new AsyncDisposableStack();
  const coordinators = await Promise.all(
    setup.coordinators.map((env, index) => startCoordinator(env, index)),
  );
  for (const service of coordinators) stack.defer(async () => void (await service.process.kill()));
  const made = await fetch(`${coordinators[0]?.url}/v1/tags`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tag: 'hot', step: STEP }),
  });
  if (!made.ok) throw new Error(`no tag: ${await made.text()}`);
  const agents = await Promise.all(
    Array.from({ length: AGENTS }, (_, index) => startAgent(coordinators, index)),
  );
  for (const service of agents) stack.defer(async () => void (await service.process.kill()));

  const load = new ArenaLoad();
  stack.defer(() => load.stop());
  for (const { name, url } of agents) {
    for (const source of SOURCES) void load.add({ agent: name, url, source, count: 1, depth: 2, paceMs: 2 });
  }
  const issuing = (since: number) =>
    poll(() =>
      agents.every(({ name }) => SOURCES.every((source) => load.answeredSince(name, source, since))),
    );
  if (!(await issuing(runningMs()))) throw new Error('the agents never issued');
  await sleep(setup.steadyMs);
  const harmedMs = runningMs();
  const during = newCounts();
  await load.during(during, async () => {
    await setup.harm();
    // Until everything that agents held before is surely used up.
    await sleep(WINDOW_MS + setup.steadyMs);
  });
  const recovered = await issuing(runningMs());
  await sleep(1_000);
  await load.stop();

  const mysql = stack.adopt(
    createPool({ uri: setup.mysqlUrl, supportBigNumbers: true, bigNumberStrings: true }),
    async (pool) => pool.end(),
  );
  const ledger = new LedgerMemory(mysql);
  await ledger.remember();
  const findings = findAll(load.history, ledger.grants, LATEST_MS);
  await keepHistory(
    load.history,
    setup.name,
    SOURCES,
    Object.values(findings).some((found) => found.length > 0),
  );
  const pauses = SOURCES.map((source) => [source, longestPause(load.history, source, harmedMs)] as const);
  return {
    name: setup.name,
    ids: load.counts.ids,
    findings,
    pauseMs: Object.fromEntries(pauses) as Disturbed['pauseMs'],
    refused: Object.fromEntries(during.refused),
    resumedMs: recovered && Math.max(...pauses.map(([, pause]) => pause)),
  };
}

/** As a Markdown table. */
export function table(rows: readonly Disturbed[]): string {
  return [
    '| stores | IDs | duplicates | other findings | longest pause of segments, s | of snowflakes, s | refused |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(({ name, ids, findings: { duplicates, ...others }, pauseMs, refused }) => {
      const found = Object.values(others).reduce((sum, examples) => sum + examples.length, 0);
      const codes = Object.entries(refused).map(([code, count]) => `${count} ${code}`);
      const seconds = SOURCES.map((source) => (pauseMs[source] / 1_000).toFixed(2));
      return `| ${[name, ids, duplicates.length, found, ...seconds, codes.join(', ') || 'none'].join(' | ')} |`;
    }),
  ].join('\n');
}

function startCoordinator(env: Readonly<Record<string, string>>, index: number): Promise<Service> {
  return Service.start({
    pace: 'product',
    kind: 'coordinator',
    name: `coordinator-${index + 1}`,
    flags: briskFlags(WINDOW_MS, 8),
    env,
  });
}

/** Each agent asks another coordinator first, so that all of them are at work. */
function startAgent(coordinators: readonly Service[], index: number): Promise<Service> {
  const urls = coordinators.map(({ url }) => url);
  return Service.start({
    pace: 'product',
    kind: 'agent',
    name: `agent-${index + 1}`,
    flags: [
      ...['--coordinators', [...urls.slice(index), ...urls.slice(0, index)].join(',')],
      ...['--snowflake-enabled', '--snowflake-sequence-start-max', '0'],
    ],
  });
}

/** The longest time between two answers with IDs of one agent, the later one after `sinceMs`. */
function longestPause(history: History, source: string, sinceMs: number): number {
  const last = new Map<string, number>();
  let longest = 0;
  const answered = Array.from({ length: history.size }, (_, number) => history.call(number))
    .filter((call) => call.source === source && call.outcome === 'ok')
    .sort((a, b) => a.completedNs - b.completedNs);
  for (const { agent, completedNs } of answered) {
    const atMs = completedNs / 1e6;
    const before = last.get(agent);
    if (before !== undefined && atMs > sinceMs) longest = Math.max(longest, atMs - before);
    last.set(agent, atMs);
  }
  return longest;
}
