import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, KeepAlive } from '../support/keep-alive.ts';
import { Lane, type Result } from './calls.ts';

export interface CallerOptions {
  /** Names the agent in reports; several agents may share an agentId. */
  readonly agent: string;
  readonly url: string;
  /** A tag, or `snowflake`. */
  readonly source: string;
  /** IDs per request; 1 asks for a single ID. */
  readonly count: number;
  /** Requests under way at once over the connection. */
  readonly depth: number;
  /** Milliseconds between a request's answer and the next; default 0. */
  readonly paceMs?: number;
}

/** A caller that hears nothing for so long hangs up, as an application would. */
const GIVE_UP_MS = 15_000;
/** IDs that batches may take for each one that a single call took: a fifth at least must come one by one. */
const BATCH_SHARE = 3;

/** What is counted; one for the whole run, and one for the fault. */
export interface Counts {
  calls: number;
  singles: number;
  ids: number;
  unanswered: number;
  readonly refused: Map<string, number>;
  slowestMs: number;
}

export function newCounts(): Counts {
  return { calls: 0, singles: 0, ids: 0, unanswered: 0, refused: new Map(), slowestMs: 0 };
}

/** Callers on every agent that go on through fault and healing, and everything they asked and got. */
export class ArenaLoad {
  readonly lanes: Lane[] = [];
  readonly counts = newCounts();
  readonly #callers: Promise<void>[] = [];
  readonly #lastOk = new Map<string, number>();
  /** When a call for the source last ended without an ID. */
  readonly #lastTrouble = new Map<string, number>();
  #during: Counts | undefined;
  #order = 0;
  #stopped = false;

  add(options: CallerOptions): void {
    this.#callers.push(this.#run(options));
  }

  /** Counts what is answered while `work` runs. */
  async during<T>(counts: Counts, work: () => Promise<T>): Promise<T> {
    this.#during = counts;
    try {
      return await work();
    } finally {
      this.#during = undefined;
    }
  }

  /** True where the agent answered a call for the source that began after `since` (monotonic milliseconds). */
  answeredSince(agent: string, source: string, since: number): boolean {
    return (this.#lastOk.get(`${agent} ${source}`) ?? Number.NEGATIVE_INFINITY) > since;
  }

  /** When a call for one of the sources last ended without an ID; 0 where none did. */
  lastTroubleMs(sources: readonly string[]): number {
    return Math.max(0, ...sources.map((source) => this.#lastTrouble.get(source) ?? 0));
  }

  /** Resolves when the last call is answered or given up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#callers);
  }

  async #run(options: CallerOptions): Promise<void> {
    while (!this.#stopped) {
      const opened = await this.#open(options).catch(() => undefined);
      if (opened === undefined) {
        await sleep(20);
        continue;
      }
      this.lanes.push(opened.lane);
      const askers = Array.from({ length: options.depth }, () => this.#ask(options, opened));
      await Promise.all(askers);
      opened.connection.close();
    }
  }

  /** The status is asked over the connection itself, so it names the process at its other end. */
  async #open({ url, agent, source }: CallerOptions): Promise<{ connection: KeepAlive; lane: Lane }> {
    const connection = await KeepAlive.open(url);
    const timer = setTimeout(() => connection.close(), GIVE_UP_MS);
    try {
      const { instanceId } = JSON.parse((await connection.get('/v1/status')).body) as { instanceId: string };
      return { connection, lane: new Lane(agent, instanceId, source) };
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(
    options: CallerOptions,
    { connection, lane }: { connection: KeepAlive; lane: Lane },
  ): Promise<void> {
    const { count, paceMs = 0 } = options;
    const path = pathOf(options);
    while (!this.#stopped && !connection.closed) {
      if (count > 1 && this.counts.ids > (BATCH_SHARE + 1) * this.counts.singles) {
        await sleep(5);
        continue;
      }
      const begunAt = ++this.#order;
      const begunMs = performance.now();
      const timer = setTimeout(() => connection.close(), GIVE_UP_MS);
      const answer = await connection.get(path).catch(() => undefined);
      clearTimeout(timer);
      const from = lane.size;
      const { result, code } = take(answer, lane);
      const endedMs = performance.now();
      const tookMs = endedMs - begunMs;
      lane.calls.push({
        ...{ begunAt, endedAt: ++this.#order, begunMs, tookMs },
        ...{ result, code, from, to: lane.size },
      });
      this.#count(this.counts, result, code, lane.size - from, count, tookMs);
      if (this.#during !== undefined)
        this.#count(this.#during, result, code, lane.size - from, count, tookMs);
      if (result === 'ok') this.#lastOk.set(`${lane.agent} ${lane.source}`, begunMs);
      else this.#lastTrouble.set(lane.source, endedMs);
      // A refusal that came at once would otherwise be asked for again thousands of times a second.
      if (paceMs > 0 || result === 'refused') await sleep(Math.max(paceMs, 2));
    }
  }

  #count(counts: Counts, result: Result, code: string, ids: number, asked: number, tookMs: number): void {
    counts.calls += 1;
    counts.ids += ids;
    if (result === 'ok' && asked === 1) counts.singles += 1;
    if (result === 'unanswered') counts.unanswered += 1;
    else counts.slowestMs = Math.max(counts.slowestMs, tookMs);
    if (result === 'refused') counts.refused.set(code, (counts.refused.get(code) ?? 0) + 1);
  }
}

function pathOf({ source, count }: CallerOptions): string {
  if (source === 'snowflake') return count === 1 ? '/v1/snowflake' : `/v1/snowflake?count=${count}`;
  const path = `/v1/ids/${encodeURIComponent(source)}`;
  return count === 1 ? path : `${path}?count=${count}&format=ranges`;
}

/** Notes the IDs of an answer, or why there are none. What is neither IDs nor a problem document has the code `?`. */
function take(answer: Answer | undefined, lane: Lane): { result: Result; code: string } {
  if (answer === undefined) return { result: 'unanswered', code: '' };
  if (answer.status !== 200) return { result: 'refused', code: codeOf(answer) };
  if (answer.body.startsWith('{')) {
    const { ranges } = JSON.parse(answer.body) as { ranges: { start: string; end: string }[] };
    for (const { start, end } of ranges) lane.addRange(BigInt(start), BigInt(end));
  } else {
    for (const line of answer.body.split('\n')) if (line !== '') lane.add(BigInt(line));
  }
  return { result: 'ok', code: '' };
}

function codeOf({ status, body }: Answer): string {
  try {
    const { code } = JSON.parse(body) as { code?: unknown };
    return typeof code === 'string' ? code : `? ${status}`;
  } catch {
    return `? ${status}`;
  }
}
