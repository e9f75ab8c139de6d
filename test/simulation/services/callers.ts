import type { Segment } from '@leafcutter/agent/domain/segments/segment';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { type Evidence, short } from '../evidence.ts';
import type { Random } from '../machine/random.ts';
import type { SimulatedAgent } from './simulated-agent.ts';

/** How much later than its deadline a request may end: a timer's turn and a settled promise. */
const GRACE_MS = 60;

const SNOWFLAKE = 'snowflake';

/** When an agent's process last served, and what it last answered, per tag and for snowflake IDs. */
export interface Service {
  lastServedMs: number;
  lastRefusal: string | undefined;
}

/**
 * The applications beside one agent process. They ask for single IDs, batches and blocks at random moments, compare
 * each answer with what was promised, and die with the process.
 */
export class Callers {
  readonly agent: SimulatedAgent;
  readonly served = new Map<string, Service>();
  readonly #evidence: Evidence;
  readonly #random: Random;
  readonly #waitMs: number;
  readonly #now: () => number;
  readonly #waiting = new Map<object, { readonly source: string; readonly begun: number }>();

  constructor(parts: {
    agent: SimulatedAgent;
    evidence: Evidence;
    random: Random;
    waitMs: number;
    /** True milliseconds. */
    now: () => number;
  }) {
    this.agent = parts.agent;
    this.#evidence = parts.evidence;
    this.#random = parts.random;
    this.#waitMs = parts.waitMs;
    this.#now = parts.now;
  }

  /** Asks for IDs of each of `tags` again and again, `everyMs` apart on average, up to `largest` of each. */
  drawTags(tags: readonly string[], everyMs: number, largest: number): void {
    this.#again(everyMs, () => {
      for (const tag of tags) this.#drawTag(tag, largest);
    });
  }

  #drawTag(tag: string, largest: number): void {
    const count = this.#random.chance(0.5) ? 1 : this.#random.between(2, largest);
    const { tags } = this.agent;
    const one = count === 1 ? tags.takeOne(tag) : undefined;
    if (one !== undefined) this.#receive(tag, [{ start: one, end: one + 1n }], 1);
    else if (count % 8 === 0) void this.#ask(tag, count, () => tags.takeBlock(tag, count));
    else void this.#ask(tag, count, () => tags.take(tag, count));
  }

  drawSnowflakes(everyMs: number, largest: number): void {
    this.#again(everyMs, () => {
      const count = this.#random.chance(0.7) ? 1 : this.#random.between(2, largest);
      void this.#ask(SNOWFLAKE, count, async () => {
        const ids = await this.agent.snowflakes.take(count);
        return ids.map((id) => ({ start: id, end: id + 1n }));
      });
    });
  }

  /** At the end of a run: nobody whose deadline is over may still wait. */
  checkNobodyWaits(): void {
    const { process } = this.agent;
    for (const { source, begun } of this.#waiting.values())
      if (process.alive && process.runningMs() - begun > this.#waitMs + GRACE_MS)
        this.#evidence.violated('I6', `a request for ${source} at ${process.name} was never answered`);
  }

  #again(everyMs: number, draw: () => void): void {
    const { clock } = this.agent.process;
    const later = () =>
      clock.after(2 * everyMs * this.#random.next(), () => {
        draw();
        later();
      });
    later();
  }

  async #ask(source: string, count: number, take: () => Promise<Segment[]>): Promise<void> {
    const { process } = this.agent;
    const request = {};
    const begun = process.runningMs();
    this.#waiting.set(request, { source, begun });
    try {
      this.#receive(source, await take(), count);
    } catch (error) {
      this.#refused(source, error);
    }
    this.#waiting.delete(request);
    const tookMs = process.runningMs() - begun;
    if (tookMs > this.#waitMs + GRACE_MS)
      this.#evidence.violated(
        'I6',
        `a request for ${source} at ${process.name} took ${tookMs.toFixed(0)} ms`,
      );
  }

  #receive(source: string, ranges: readonly Segment[], count: number): void {
    const service = this.#service(source);
    service.lastServedMs = this.#now();
    service.lastRefusal = undefined;
    this.#evidence.requests += 1;
    let got = 0n;
    for (const { start, end } of ranges) {
      got += end - start;
      if (source !== SNOWFLAKE) this.#evidence.issued(source, { start, end }, this.agent.instanceId);
    }
    if (got !== BigInt(count))
      this.#evidence.violated('I4', `${got} IDs of ${source} came where ${count} were asked for`);
  }

  #refused(source: string, error: unknown): void {
    const { instanceId } = this.agent;
    this.#evidence.requests += 1;
    this.#evidence.refusals += 1;
    if (!(error instanceof LeafcutterError) || error.code === 'INTERNAL') {
      this.#evidence.violated('I4', `${source} was refused without a code: ${String(error)}`);
      return;
    }
    const refusal = error.reason === undefined ? error.code : `${error.code} ${error.reason}`;
    this.#service(source).lastRefusal = refusal;
    this.#evidence.note(`${short(instanceId)} refuses ${source}: ${refusal}`);
  }

  #service(source: string): Service {
    const known = this.served.get(source);
    if (known !== undefined) return known;
    const service = { lastServedMs: Number.NEGATIVE_INFINITY, lastRefusal: undefined };
    this.served.set(source, service);
    return service;
  }
}
