/** Grows in place, by this many IDs. */
const GROWTH = 2 ** 14;
const MAX_BYTES = 2 ** 30;

/** What came of a call. `unanswered`: it may or may not have taken IDs. */
export type Result = 'ok' | 'refused' | 'unanswered';

export interface Call {
  /** Position among all beginnings and ends of calls of the load: it orders calls without trusting a clock. */
  readonly begunAt: number;
  readonly endedAt: number;
  /** Monotonic milliseconds. */
  readonly begunMs: number;
  readonly tookMs: number;
  readonly result: Result;
  /** Code of a refusal, else empty. */
  readonly code: string;
  /** IDs of `Lane.ids` that this call was answered with: `[from, to)`. */
  readonly from: number;
  readonly to: number;
}

/** All calls over one connection, so all answered by one process, and all for one source. */
export class Lane {
  readonly agent: string;
  /** The process that answered; a restarted agent is another one. */
  readonly instanceId: string;
  /** A tag, or `snowflake`. */
  readonly source: string;
  readonly calls: Call[] = [];
  readonly #buffer = new ArrayBuffer(GROWTH * 8, { maxByteLength: MAX_BYTES });
  readonly #ids = new BigUint64Array(this.#buffer);
  #size = 0;

  constructor(agent: string, instanceId: string, source: string) {
    this.agent = agent;
    this.instanceId = instanceId;
    this.source = source;
  }

  /** Every ID, in the order in which it came. */
  get ids(): BigUint64Array {
    return new BigUint64Array(this.#buffer, 0, this.#size);
  }

  get size(): number {
    return this.#size;
  }

  add(id: bigint): void {
    if (this.#size === this.#ids.length) this.#buffer.resize(this.#buffer.byteLength + GROWTH * 8);
    this.#ids[this.#size++] = id;
  }

  addRange(start: bigint, end: bigint): void {
    for (let id = start; id < end; id++) this.add(id);
  }
}
