import { setTimeout as sleep } from 'node:timers/promises';
import { History } from '@leafcutter/cli/verify/history';
import { type Answer, KeepAlive } from '../support/keep-alive.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { runningMs } from '../support/running-time.ts';

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
  /** Calls to make; default as many as there is time for. */
  readonly calls?: number;
}

/** A connection to one process of an agent. */
interface Line {
  readonly connection: KeepAlive;
  readonly instanceId: string;
}

/** A caller that hears nothing for 15 s, or for longer if more patience is asked for, hangs up, as an application would. */
const GIVE_UP_MS = PATIENCE_MS / 8;
/** How many IDs batches may take for each one that a single call took: at least a fifth must come one by one. */
const BATCH_SHARE = 3.6;

/** The counts; one for the whole run, and one for the fault. */
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

/** Callers on every agent that go on during the fault and the healing, and everything they asked and got. */
export class ArenaLoad {
  readonly history = new History(() => runningMs() * 1e6);
  readonly counts = newCounts();
  readonly #callers: Promise<void>[] = [];
  readonly #lastOk = new Map<string, number>();
  /** When a call for the source last ended without an ID. */
  readonly #lastTrouble = new Map<string, number>();
  #during: Counts | undefined;
  /** IDs that batches have asked for and not been answered yet. */
  #underWay = 0;
  #stopped = false;

  /** Adds a caller, which begins at once. Resolves when it has made all of its calls, or the load was stopped. */
  add(options: CallerOptions): Promise<void> {
    const calling = this.#run(options);
    this.#callers.push(calling);
    return calling;
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

  /** True if the agent answered a call for the source that began after `since` (monotonic milliseconds). */
  answeredSince(agent: string, source: string, since: number): boolean {
    return (this.#lastOk.get(`${agent} ${source}`) ?? Number.NEGATIVE_INFINITY) > since;
  }

  /** When a call for one of the sources last ended without an ID; 0 if none did. */
  lastTroubleMs(sources: readonly string[]): number {
    return Math.max(0, ...sources.map((source) => this.#lastTrouble.get(source) ?? 0));
  }

  /** Resolves when the last call is answered or given up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#callers);
  }

  async #run(options: CallerOptions): Promise<void> {
    const budget = { left: options.calls ?? Number.POSITIVE_INFINITY };
    while (!this.#stopped && budget.left > 0) {
      const line = await this.#open(options).catch(() => undefined);
      if (line === undefined) {
        await sleep(20);
        continue;
      }
      await Promise.all(Array.from({ length: options.depth }, () => this.#ask(options, line, budget)));
      line.connection.close();
    }
  }

  /** The status is asked over the same connection, so it names the process at its other end. */
  async #open({ url }: CallerOptions): Promise<Line> {
    const connection = await KeepAlive.open(url);
    const timer = setTimeout(() => connection.close(), GIVE_UP_MS);
    try {
      const { instanceId } = JSON.parse((await connection.get('/v1/status')).body) as { instanceId: string };
      return { connection, instanceId };
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(
    options: CallerOptions,
    { connection, instanceId }: Line,
    budget: { left: number },
  ): Promise<void> {
    const { agent, source, count, paceMs = 0 } = options;
    const { history } = this;
    const path = pathOf(options);
    const process = history.newProcess();
    while (!this.#stopped && !connection.closed && budget.left > 0) {
      const batch = count > 1 ? count : 0;
      // Those under way count too: in a short run, a few of them at once would be more than their share.
      if (batch > 0 && this.counts.ids + this.#underWay + batch > (BATCH_SHARE + 1) * this.counts.singles) {
        await sleep(5);
        continue;
      }
      budget.left -= 1;
      this.#underWay += batch;
      const begunMs = runningMs();
      const call = history.invoke({ process, agent, instanceId, source, count });
      const timer = setTimeout(() => connection.close(), GIVE_UP_MS);
      const answer = await connection.get(path).catch(() => undefined);
      this.#underWay -= batch;
      clearTimeout(timer);
      const result = resultOf(answer);
      if (result.outcome === 'ok') history.ok(call, result.ids);
      else history[result.outcome](call, result.code);
      this.#note(options, result, begunMs);
      // The connection has ended and, in Jepsen's terms, its process with it.
      if (result.outcome === 'info') return;
      // Otherwise a refusal that comes at once would be asked for again thousands of times a second.
      if (paceMs > 0 || result.outcome === 'fail') await sleep(Math.max(paceMs, 2));
    }
  }

  #note({ agent, source, count }: CallerOptions, result: Result, begunMs: number): void {
    const endedMs = runningMs();
    for (const counts of [this.counts, this.#during]) addTo(counts, result, count, endedMs - begunMs);
    if (result.outcome === 'ok') this.#lastOk.set(`${agent} ${source}`, begunMs);
    else this.#lastTrouble.set(source, endedMs);
  }
}

function addTo(counts: Counts | undefined, result: Result, asked: number, tookMs: number): void {
  if (counts === undefined) return;
  counts.calls += 1;
  if (result.outcome === 'info') {
    counts.unanswered += 1;
    return;
  }
  counts.slowestMs = Math.max(counts.slowestMs, tookMs);
  if (result.outcome === 'ok') {
    counts.ids += result.ids.length;
    if (asked === 1) counts.singles += 1;
  } else {
    counts.refused.set(result.code, (counts.refused.get(result.code) ?? 0) + 1);
  }
}

function pathOf({ source, count }: CallerOptions): string {
  if (source === 'snowflake') return count === 1 ? '/v1/snowflake' : `/v1/snowflake?count=${count}`;
  const path = `/v1/ids/${encodeURIComponent(source)}`;
  return count === 1 ? path : `${path}?count=${count}&format=ranges`;
}

/** The result of a call. If it is neither IDs nor a problem document, its code has a question mark. */
type Result =
  | { readonly outcome: 'ok'; readonly ids: readonly bigint[] }
  | { readonly outcome: 'fail' | 'info'; readonly code: string };

function resultOf(answer: Answer | undefined): Result {
  if (answer === undefined) return { outcome: 'info', code: 'NO_ANSWER' };
  if (answer.status !== 200) return { outcome: 'fail', code: codeOf(answer) };
  if (!answer.body.startsWith('{')) {
    const lines = answer.body.split('\n').filter((line) => line !== '');
    return { outcome: 'ok', ids: lines.map(BigInt) };
  }
  const { ranges } = JSON.parse(answer.body) as { ranges: { start: string; end: string }[] };
  return { outcome: 'ok', ids: ranges.flatMap(({ start, end }) => idsOf(BigInt(start), BigInt(end))) };
}

function idsOf(start: bigint, end: bigint): bigint[] {
  return Array.from({ length: Number(end - start) }, (_, index) => start + BigInt(index));
}

function codeOf({ status, body }: Answer): string {
  try {
    const { code } = JSON.parse(body) as { code?: unknown };
    return typeof code === 'string' ? code : `? ${status}`;
  } catch {
    return `? ${status}`;
  }
}
