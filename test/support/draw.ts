import type { Issued } from '@leafcutter/cli/verify/history';
import { Pool } from 'undici';
import { PATIENCE_MS } from './patience.ts';
import { runningMs } from './running-time.ts';
import type { Service } from './service.ts';

/** What one caller drew, in the order of the answers. */
export interface Lane {
  readonly agent: string;
  /** The process that issued: a restarted agent is another instance. */
  readonly instanceId: string;
  /** A tag, or `snowflake`. */
  readonly source: string;
  readonly ids: bigint[];
  /** The same, call by call. */
  readonly calls: Issued[];
}

export interface Tally {
  /** Answers, good and bad. */
  requests: number;
  /** Requests for one ID that were answered with one. */
  singles: number;
  ids: number;
  /** Refusals by code; `NO_ANSWER` if the connection broke. */
  readonly refused: Map<string, number>;
  /** Longest time to an answer, milliseconds. */
  slowestMs: number;
}

export interface DrawOptions {
  readonly agent: Service;
  /** A tag, or `snowflake`. */
  readonly source: string;
  /** IDs per request: 1 asks without `count`. */
  readonly count: number;
  /** Asked before each request; ends the lane when it returns false. */
  readonly more: (lane: Lane) => boolean;
  /** Milliseconds between requests; 0 draws as fast as answers come. */
  readonly paceMs?: number;
}

export function newTally(): Tally {
  return { requests: 0, singles: 0, ids: 0, refused: new Map(), slowestMs: 0 };
}

const connections = new Map<string, Pool>();

/**
 * One caller: draws over a kept-alive connection, one request after the other, until told to stop. Each answer is
 * attributed to the lane's instance, so a caller whose agent was killed begins a new lane.
 */
export async function draw(options: DrawOptions, lanes: Lane[], tally: Tally): Promise<void> {
  const { agent, source, count, more, paceMs = 0 } = options;
  const pool = poolOf(agent.url);
  const path = source === 'snowflake' ? '/v1/snowflake' : `/v1/ids/${encodeURIComponent(source)}`;
  const query = count === 1 ? path : `${path}?count=${count}`;
  let lane: Lane | undefined;
  for (;;) {
    try {
      lane ??= await openLane(agent, source, lanes);
    } catch {
      // The agent is down; `more` decides whether to go on.
      if (!more({ agent: agent.name, instanceId: '', source, ids: [], calls: [] })) return;
      await pause(50);
      continue;
    }
    if (!more(lane)) return;
    const begun = runningMs();
    try {
      const { statusCode, body } = await pool.request({ method: 'GET', path: query });
      const text = await body.text();
      if (statusCode === 200) collect(text, begun, lane, tally);
      else refuse(tally, (JSON.parse(text) as { code: string }).code);
    } catch {
      refuse(tally, 'NO_ANSWER');
      lane = undefined;
    }
    const took = runningMs() - begun;
    tally.requests += 1;
    tally.slowestMs = Math.max(tally.slowestMs, took);
    if (paceMs > took) await pause(paceMs - took);
  }
}

/** What the callers were given, call by call, for the checks. */
export function callsOf(lanes: readonly Lane[]): Issued[] {
  return lanes.flatMap(({ calls }) => calls);
}

/** Closes the connections of all callers. */
export async function closeConnections(): Promise<void> {
  await Promise.all([...connections.values()].map((pool) => pool.destroy()));
  connections.clear();
}

async function openLane(agent: Service, source: string, lanes: Lane[]): Promise<Lane> {
  const { instanceId } = await agent.json<{ instanceId: string }>('/v1/status');
  const lane: Lane = { agent: agent.name, instanceId, source, ids: [], calls: [] };
  lanes.push(lane);
  return lane;
}

function collect(text: string, begunMs: number, lane: Lane, tally: Tally): void {
  const { agent, instanceId, source } = lane;
  const ids = text.split('\n').flatMap((line) => (line === '' ? [] : [BigInt(line)]));
  lane.ids.push(...ids);
  lane.calls.push({
    agent,
    instanceId,
    source,
    ids,
    invokedNs: begunMs * 1e6,
    completedNs: runningMs() * 1e6,
  });
  tally.ids += ids.length;
  if (ids.length === 1) tally.singles += 1;
}

function refuse(tally: Tally, code: string): void {
  tally.refused.set(code, (tally.refused.get(code) ?? 0) + 1);
}

function poolOf(url: string): Pool {
  const known = connections.get(url);
  if (known !== undefined) return known;
  const pool = new Pool(url, { connections: 256, bodyTimeout: PATIENCE_MS, headersTimeout: PATIENCE_MS });
  connections.set(url, pool);
  return pool;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
