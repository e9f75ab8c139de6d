/** What one step of a program gave. */
type Step =
  | { readonly value: string | readonly string[] }
  | { readonly error: string }
  | { readonly status: number; readonly type: string | null; readonly body: string };

/** What a program printed: its steps by name. Those of things that a client doesn't have are missing. */
export type Given = Readonly<Record<string, Step | readonly Step[]>>;

export interface Verdict {
  readonly works: readonly string[];
  /** What a step gave instead of what it should have. */
  readonly fails: readonly string[];
}

/** 2^53 − 1: past it a client may round a number, so an ID must not be one. */
const SAFE = 2n ** 53n - 1n;

/**
 * The first ID of a tag whose numbers JavaScript would round; odd ones show that. The INCR that is refused costs the first,
 * which is even.
 */
export const FAR_START = '9007199254741000';

const MOST_TOLD = 120;

/** The numbers in a step's answer; none if it is an error. */
function numbers(step: Step | readonly Step[] | undefined): bigint[] {
  if (step === undefined) return [];
  if (Array.isArray(step)) return step.flatMap(numbers);
  const one = step as Step;
  if ('error' in one) return [];
  const text = 'status' in one ? (one.status === 200 ? one.body : '') : [one.value].flat().join(' ');
  return (text.match(/\d+/g) ?? []).map(BigInt);
}

function told(step: Step | readonly Step[] | undefined): string {
  return JSON.stringify(step ?? 'nothing').slice(0, MOST_TOLD);
}

/** Collects what works and what does not; each ID has to be the one after the last. */
class Bench {
  readonly works: string[] = [];
  readonly fails: string[] = [];
  readonly #given: Given;
  #last = 0n;

  constructor(given: Given) {
    this.#given = given;
  }

  /** The step gives the `count` numbers that follow; with `jump`, one that is so much higher. */
  next(step: string, what: string, count: number, jump = 1): void {
    const got = numbers(this.#given[step]);
    const isRight =
      got.length === count && got.every((number, index) => number === this.#last + BigInt(jump + index));
    this.check(step, what, isRight);
    if (isRight) this.#last = got.at(-1) ?? this.#last;
  }

  check(step: string, what: string, isRight: boolean): void {
    if (isRight) this.works.push(what);
    else this.fails.push(`${what}: ${told(this.#given[step])}`);
  }
}

/** Of a Redis client. `isReal`: it spoke to a redis-server, which has no commands and no bounds of ours. */
export function judgeRedis(given: Given, isReal: boolean): Verdict {
  const bench = new Bench(given);
  bench.next('one', 'INCR', 3);
  bench.next('block', 'INCRBY', 1, 10);
  if (given.pair !== undefined) bench.next('pair', 'MULTI', 2);
  if (isReal) return bench;
  bench.check('far', 'refusal is an error', given.far !== undefined && 'error' in given.far);
  if (given.exact !== undefined) {
    const [id = 0n, ...more] = numbers(given.exact);
    bench.check('exact', 'LC.NEXT exact', id > SAFE && id % 2n === 1n && more.length === 0);
  }
  return bench;
}

/** Of an HTTP client. */
export function judgeHttp(given: Given): Verdict {
  const bench = new Bench(given);
  const answerOf = (step: string) => given[step] as { status?: number; type?: string | null } | undefined;
  bench.next('one', 'an ID', 3);
  bench.next('json', 'JSON', 1);
  if (answerOf('json')?.type?.startsWith('application/json') !== true)
    bench.check('json', 'type of JSON', false);
  bench.next('batch', 'a batch', 3);
  bench.next('leaf', 'Leaf’s address', 1);
  bench.check('missing', '404', answerOf('missing')?.status === 404);
  return bench;
}

/** Of a gRPC client. */
export function judgeGrpc(given: Given): Verdict {
  const bench = new Bench(given);
  bench.next('one', 'NextId', 3);
  bench.next('batch', 'NextIds', 3);
  const missing = given.missing as { error?: string } | undefined;
  bench.check('missing', 'NOT_FOUND', /not.?found/i.test(missing?.error ?? ''));
  return bench;
}
