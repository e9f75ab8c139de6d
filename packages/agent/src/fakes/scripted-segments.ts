import type { Demand, Segment, SegmentSource } from '../domain/segments/segment.ts';
import { unavailable } from './samples.ts';

/** A call that is under way until the test answers it. */
export interface HeldAsk {
  readonly tag: string;
  readonly demand: Demand;
  answer(segment: Segment): void;
  fail(error: Error): void;
}

/**
 * Coordinators that a test directs. They answer at once from a rising counter (`now`), only when told (`held`), with
 * an error, or they grant a segment whose answer gets lost (`lost`).
 */
export class ScriptedSegments implements SegmentSource {
  mode: 'now' | 'held' | 'lost' | Error = 'now';
  size = 100;
  /** Where the next segment starts. */
  counter = 1n;
  readonly demands: Demand[] = [];
  readonly granted: Segment[] = [];
  readonly held: HeldAsk[] = [];
  open = 0;
  /** The most calls that were ever open at once. */
  mostOpen = 0;

  async fetchSegment(tag: string, demand: Demand): Promise<Segment> {
    this.demands.push(demand);
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    try {
      return await this.#answer(tag, demand);
    } finally {
      this.open -= 1;
    }
  }

  get asks(): number {
    return this.demands.length;
  }

  allocate(): Segment {
    const segment = { start: this.counter, end: this.counter + BigInt(this.size) };
    this.counter = segment.end;
    this.granted.push(segment);
    return segment;
  }

  /** The oldest call under way; answers with the next segment unless told another. */
  release(segment = this.allocate()): void {
    this.#oldest().answer(segment);
  }

  fail(error: Error): void {
    this.#oldest().fail(error);
  }

  #oldest(): HeldAsk {
    const ask = this.held.shift();
    if (ask === undefined) throw new Error('no call is under way');
    return ask;
  }

  async #answer(tag: string, demand: Demand): Promise<Segment> {
    const { mode } = this;
    if (mode instanceof Error) throw mode;
    if (mode === 'held') {
      return new Promise((answer, fail) => {
        this.held.push({ tag, demand, answer, fail });
      });
    }
    const segment = this.allocate();
    if (mode === 'lost') throw unavailable();
    return segment;
  }
}
