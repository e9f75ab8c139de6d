import { GrowingIds, NumberRows } from './growing.ts';

/** `fail`: refused, so certainly nothing was issued to the caller. `info`: no answer, so nobody knows. */
export type Outcome = 'ok' | 'fail' | 'info';

/** The caller, the agent and the source of a call. */
export interface Invocation {
  /** A caller, one call at a time. After a call without an answer it goes on under a new number: Jepsen's rule. */
  readonly process: number;
  readonly agent: string;
  /** The agent's process; undefined if it is not known, or not yet. */
  readonly instanceId?: string | undefined;
  /** A tag, or `snowflake`. */
  readonly source: string;
  /** IDs asked for. */
  readonly count: number;
}

/** IDs that one process issued in one call, as the checks need them. */
export interface Issued {
  readonly agent: string;
  readonly instanceId?: string | undefined;
  readonly source: string;
  /** Nanoseconds of one monotonic clock. */
  readonly invokedNs: number;
  readonly completedNs: number;
  /** In the order of the answer. */
  readonly ids: ArrayLike<bigint>;
}

export interface Call extends Invocation, Issued {
  readonly instanceId: string | undefined;
  readonly ids: BigUint64Array;
  /** Undefined while the call is open. */
  readonly outcome: Outcome | undefined;
  /** Why it was refused, or why there was no answer. */
  readonly code: string | undefined;
}

/** One line of a history file: a call begins, or ends. */
export interface HistoryEvent {
  readonly type: 'invoke' | Outcome;
  readonly call: Call;
  readonly timeNs: number;
}

const OUTCOMES = [undefined, 'ok', 'fail', 'info'] as const;
/** Columns of a call. */
const [PROCESS, AGENT, INSTANCE, SOURCE, COUNT, INVOKED, COMPLETED, OUTCOME, CODE, FROM, TO] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
] as const;
const CALL_COLUMNS = 11;

/**
 * Every call of a run, in memory: 120 bytes a call and 8 an ID. A process is *free*, *calling* (from `invoke` to
 * `ok`, `fail` or `info`) or *gone* (after `info`). Calling twice at once, or after it is gone, is a mistake of the
 * caller.
 */
export class History {
  readonly #nowNs: () => number;
  readonly #calls = new NumberRows(CALL_COLUMNS);
  /** Call and whether it ends, in the order of the events. */
  readonly #events = new NumberRows(2);
  readonly #ids = new GrowingIds();
  readonly #words = new Words();
  readonly #busy = new Map<number, 'calling' | 'gone'>();
  #processes = 0;

  /** `nowNs`: nanoseconds since the start, monotonic. */
  constructor(nowNs: () => number) {
    this.#nowNs = nowNs;
  }

  /** A number for a caller that no other one has. */
  newProcess(): number {
    return this.#processes++;
  }

  /** A call leaves; returns its number. */
  invoke({ process, agent, instanceId, source, count }: Invocation): number {
    const state = this.#busy.get(process);
    if (state !== undefined) throw new Error(`process ${process} is ${state} and cannot call`);
    this.#busy.set(process, 'calling');
    const words = [agent, instanceId, source].map((word) => this.#words.numberOf(word));
    const call = this.#calls.add(process, ...words, count, this.#nowNs());
    this.#events.add(call, 0);
    return call;
  }

  ok(call: number, ids: ArrayLike<bigint>): void {
    this.#calls.set(call, FROM, this.#ids.size);
    this.#ids.addAll(ids);
    this.#calls.set(call, TO, this.#ids.size);
    this.#complete(call, 'ok');
  }

  fail(call: number, code: string): void {
    this.#complete(call, 'fail', code);
  }

  info(call: number, code: string): void {
    this.#complete(call, 'info', code);
  }

  /** Enters the instance that answered, if it was found out afterwards. */
  attribute(call: number, instanceId: string): void {
    this.#calls.set(call, INSTANCE, this.#words.numberOf(instanceId));
  }

  /** Calls that were begun. */
  get size(): number {
    return this.#calls.size;
  }

  get idCount(): number {
    return this.#ids.size;
  }

  /** The call of a number that `invoke` returned. */
  call(number: number): Call {
    const cell = (column: number) => this.#calls.get(number, column);
    return {
      process: cell(PROCESS),
      agent: this.#words.word(cell(AGENT)) ?? '',
      instanceId: this.#words.word(cell(INSTANCE)),
      source: this.#words.word(cell(SOURCE)) ?? '',
      count: cell(COUNT),
      invokedNs: cell(INVOKED),
      completedNs: cell(COMPLETED),
      outcome: OUTCOMES[cell(OUTCOME)],
      code: this.#words.word(cell(CODE)),
      ids: this.#ids.view(cell(FROM), cell(TO)),
    };
  }

  /** The calls that brought IDs, in the order in which they left; may be walked several times. */
  get issued(): Iterable<Call> {
    return { [Symbol.iterator]: () => this.#issued() };
  }

  /** The events, in their order. */
  *events(): Generator<HistoryEvent> {
    for (let index = 0; index < this.#events.size; index++) {
      const call = this.call(this.#events.get(index, 0));
      const ends = this.#events.get(index, 1) === 1;
      yield ends && call.outcome !== undefined
        ? { type: call.outcome, call, timeNs: call.completedNs }
        : { type: 'invoke', call, timeNs: call.invokedNs };
    }
  }

  *#issued(): Generator<Call> {
    for (let number = 0; number < this.#calls.size; number++) {
      const call = this.call(number);
      if (call.outcome === 'ok') yield call;
    }
  }

  #complete(call: number, outcome: Outcome, code?: string): void {
    if (this.#calls.get(call, OUTCOME) !== 0) throw new Error(`call ${call} has ended already`);
    const process = this.#calls.get(call, PROCESS);
    if (outcome === 'info') this.#busy.set(process, 'gone');
    else this.#busy.delete(process);
    this.#calls.set(call, COMPLETED, this.#nowNs());
    this.#calls.set(call, OUTCOME, OUTCOMES.indexOf(outcome));
    this.#calls.set(call, CODE, this.#words.numberOf(code));
    this.#events.add(call, 1);
  }
}

/** Words as small numbers; 0 is none. */
class Words {
  readonly #words: (string | undefined)[] = [undefined];
  readonly #numbers = new Map<string | undefined, number>([[undefined, 0]]);

  numberOf(word: string | undefined): number {
    const known = this.#numbers.get(word);
    if (known !== undefined) return known;
    this.#numbers.set(word, this.#words.length);
    return this.#words.push(word) - 1;
  }

  word(number: number): string | undefined {
    return this.#words[number];
  }
}
