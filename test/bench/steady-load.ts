/**
 * Calls that may wait for their answer. Calls beyond these, which an overloaded coordinator would get, count as
 * failed.
 */
const MAX_OPEN = 4_000;

/** Calls of one kind that are sent at a fixed rate. */
export interface Pace {
  readonly name: string;
  readonly perSecond: number;
  /** The `n`-th call of this kind. */
  readonly call: (n: number) => Promise<unknown>;
}

/** What became of calls of one kind. */
export class Tally {
  readonly latenciesMs: number[] = [];
  readonly failures = new Map<string, number>();

  fail(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.failures.set(why, (this.failures.get(why) ?? 0) + 1);
  }

  get failed(): number {
    return [...this.failures.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The latency that a share of the answered calls did not exceed, in milliseconds. */
  percentile(share: number): number {
    const sorted = this.latenciesMs.toSorted((a, b) => a - b);
    return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  }
}

/**
 * Sends calls at fixed rates, evenly spread, whether or not answers come. A latency counts from the moment a call was
 * due, so a server that stalls cannot hide it by keeping the next calls from being sent.
 */
export class SteadyLoad {
  readonly #paces: readonly Pace[];
  readonly #begunAt = performance.now();
  readonly #sent: number[];
  readonly #timer: NodeJS.Timeout;
  #open = 0;
  #tallies: Map<string, Tally>;
  #counted: ReadonlyMap<string, Tally> = new Map();

  constructor(paces: readonly Pace[]) {
    this.#paces = paces;
    this.#sent = paces.map(() => 0);
    this.#tallies = fresh(paces);
    this.#timer = setInterval(() => this.#sendDue(), 1);
  }

  /** Forgets the counts so far; a warm-up ends with it. */
  countAnew(): void {
    this.#tallies = fresh(this.#paces);
  }

  /** Answers from now on no longer count; calls go on being sent. */
  freeze(): void {
    this.#counted = this.#tallies;
    this.#tallies = fresh(this.#paces);
  }

  /** The counts between `countAnew` and `freeze`. */
  get tallies(): ReadonlyMap<string, Tally> {
    return this.#counted;
  }

  /** Sends nothing more and waits for the open calls, which end by their own timeouts. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    while (this.#open > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  #sendDue(): void {
    const now = performance.now();
    this.#paces.forEach((pace, index) => {
      const due = Math.floor(((now - this.#begunAt) / 1_000) * pace.perSecond);
      for (let n = this.#sent[index] ?? 0; n < due; n++) {
        this.#send(pace, n, this.#begunAt + ((n + 1) / pace.perSecond) * 1_000);
      }
      this.#sent[index] = due;
    });
  }

  #send({ name, call }: Pace, n: number, dueAt: number): void {
    if (this.#open >= MAX_OPEN) {
      this.#tallies.get(name)?.fail('not sent, too many were open');
      return;
    }
    this.#open += 1;
    call(n)
      .then(
        () => this.#tallies.get(name)?.latenciesMs.push(performance.now() - dueAt),
        (error: unknown) => this.#tallies.get(name)?.fail(error),
      )
      .finally(() => {
        this.#open -= 1;
      });
  }
}

/** As many calls as `callers` get answered, each asking again at once, until `isOver` says so. */
export async function flatOut(
  callers: number,
  isOver: (n: number) => boolean,
  call: (n: number) => Promise<unknown>,
): Promise<Tally> {
  const tally = new Tally();
  let next = 0;
  const ask = async () => {
    for (let n = next++; !isOver(n); n = next++) {
      const begun = performance.now();
      try {
        await call(n);
        tally.latenciesMs.push(performance.now() - begun);
      } catch (error) {
        tally.fail(error);
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, ask));
  return tally;
}

function fresh(paces: readonly Pace[]): Map<string, Tally> {
  return new Map(paces.map(({ name }) => [name, new Tally()]));
}
