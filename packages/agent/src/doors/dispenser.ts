import type { LeafcutterError } from '@leafcutter/shared/errors';
import type { Scope } from '@leafcutter/shared/http/tokens';
import type { Shape } from '@leafcutter/shared/shape';
import { hasShape } from '../domain/segments/refusals.ts';
import type { Segment } from '../domain/segments/segment.ts';
import type { ExactId } from '../domain/segments/segment-buffer.ts';
import { snowflakeDisabled } from '../domain/snowflake/snowflakes.ts';
import type { Door, Tally } from '../metrics/metrics.ts';
import type { Agent } from './agent.ts';
import { digitsOf, textsOf } from './batches.ts';

/** How many tags' tallies are remembered. Tags come and go, and their names must not stay for ever. */
const MAX_TALLIES = 10_000;

/**
 * The source of a door's IDs: the agent's segments and snowflakes, with everything counted under the door's name. For
 * a tag with a shape, only `text` and `texts` give IDs; the methods that give numbers give none or refuse.
 *
 * `by` is what the caller's token opens. If draws are limited, the methods named `Now` give nothing, and the others
 * throw RATE_LIMITED if the caller draws too fast.
 */
export class Dispenser {
  readonly #agent: Agent;
  readonly #door: Door;
  readonly #tallies = new Map<string, Tally>();
  readonly #snowflakes: Tally;

  constructor(agent: Agent, door: Door) {
    this.#agent = agent;
    this.#door = door;
    this.#snowflakes = agent.metrics.tally(door, 'snowflake', '');
  }

  /** One ID of `tag` from memory; undefined if the caller has to wait and should use `one`. */
  oneNow(tag: string): bigint | undefined {
    if (this.#agent.limits.areOn) return undefined;
    const id = this.#agent.tags.takeOne(tag);
    if (id !== undefined) this.#tally(tag).count += 1;
    return id;
  }

  /** As `oneNow`, as a Number if a Number holds the ID exactly: doors that write text need no bigint. */
  oneExactNow(tag: string): ExactId | undefined {
    if (this.#agent.limits.areOn) return undefined;
    const id = this.#agent.tags.takeExact(tag);
    if (id !== undefined) this.#tally(tag).count += 1;
    return id;
  }

  /** As `oneNow`, in decimal digits. */
  oneTextNow(tag: string): string | undefined {
    const id = this.oneExactNow(tag);
    return id === undefined ? undefined : String(id);
  }

  /** One ID as its tag writes it, if need be after a wait that `signal` ends. @throws as Tags.take */
  async text(by: Scope, tag: string, signal?: AbortSignal): Promise<string> {
    this.#agent.limits.check(by, 1);
    const ranges = await this.#agent.tags.take(tag, 1, signal);
    this.#tally(tag).count += 1;
    const [[text] = []] = textsOf(ranges);
    if (text === undefined) throw new Error('a request for one ID was answered with none');
    return text;
  }

  /**
   * `count` IDs as their tag writes them, put together slice by slice. The door bounds `count`. @throws as Tags.take
   */
  async texts<Piece>(
    by: Scope,
    tag: string,
    count: number,
    put: (texts: readonly string[]) => Piece,
    signal?: AbortSignal,
  ): Promise<Piece[]> {
    this.#agent.limits.check(by, count);
    const ranges = await this.#agent.tags.take(tag, count, signal);
    this.#tally(tag).count += count;
    return this.#agent.batches.write(textsOf(ranges), put, signal);
  }

  /** As `texts`, for a tag without a shape. @throws as `ranges` */
  async digits<Piece>(
    by: Scope,
    tag: string,
    count: number,
    put: (texts: readonly string[]) => Piece,
    signal?: AbortSignal,
  ): Promise<Piece[]> {
    return this.#agent.batches.write(textsOf(await this.ranges(by, tag, count, signal)), put, signal);
  }

  /** One number of `tag`, from memory or after a wait that `signal` ends. @throws as `ranges` */
  async one(by: Scope, tag: string, signal?: AbortSignal): Promise<bigint> {
    const now = this.oneNow(tag);
    if (now !== undefined) return now;
    const [range] = await this.ranges(by, tag, 1, signal);
    if (range === undefined) throw new Error('a request for one ID was answered with none');
    return range.start;
  }

  /**
   * `count` numbers as rising ranges. The door bounds `count`. @throws BAD_REQUEST if the tag has a shape, and as
   * Tags.take
   */
  async ranges(by: Scope, tag: string, count: number, signal?: AbortSignal): Promise<Segment[]> {
    this.#checkBare(tag);
    this.#agent.limits.check(by, count);
    const ranges = await this.#agent.tags.take(tag, count, signal);
    // The tag's first segment may have come only now. If it has a shape, the numbers taken from it are a gap.
    for (const range of ranges) checkBare(tag, range.shape);
    this.#tally(tag).count += count;
    return ranges;
  }

  /** `count` consecutive IDs from memory; undefined if the caller has to wait and should use `block`. */
  blockNow(tag: string, count: number): Segment | undefined {
    if (this.#agent.limits.areOn || this.#agent.tags.shapeOf(tag) !== undefined) return undefined;
    const block = this.#agent.tags.takeBlockNow(tag, count);
    if (block !== undefined) this.#tally(tag).count += count;
    return block;
  }

  /**
   * `count` consecutive numbers. The door bounds `count`. @throws BAD_REQUEST if the tag has a shape, and as
   * Tags.takeBlock
   */
  async block(by: Scope, tag: string, count: number, signal?: AbortSignal): Promise<Segment> {
    this.#checkBare(tag);
    this.#agent.limits.check(by, count);
    const [block] = await this.#agent.tags.takeBlock(tag, count, signal);
    if (block === undefined) throw new Error('a request for a block was answered with none');
    checkBare(tag, block.shape);
    this.#tally(tag).count += count;
    return block;
  }

  /**
   * One snowflake ID, at once; undefined if `snowflake` should be used. @throws NOT_FOUND if the mode is off, and as
   * Snowflakes.next
   */
  snowflakeNow(): bigint | undefined {
    const { snowflake, limits } = this.#agent;
    if (snowflake === undefined) throw snowflakeDisabled();
    if (limits.areOn) return undefined;
    const id = snowflake.ids.next();
    this.#snowflakes.count += 1;
    return id;
  }

  /** One snowflake ID, if need be after waiting for the clock. @throws NOT_FOUND, and as Snowflakes.take */
  async snowflake(by: Scope, signal?: AbortSignal): Promise<bigint> {
    const [id] = await this.snowflakes(by, 1, signal);
    if (id === undefined) throw new Error('a request for one ID was answered with none');
    return id;
  }

  /** `count` snowflake IDs, if need be after waiting for the clock. @throws NOT_FOUND, and as Snowflakes.take */
  async snowflakes(by: Scope, count: number, signal?: AbortSignal): Promise<bigint[]> {
    const { snowflake } = this.#agent;
    if (snowflake === undefined) throw snowflakeDisabled();
    this.#agent.limits.check(by, count);
    const ids = await snowflake.ids.take(count, signal);
    this.#snowflakes.count += count;
    return ids;
  }

  /** As `snowflakes`, in digits, put together slice by slice. */
  async snowflakeDigits<Piece>(
    by: Scope,
    count: number,
    put: (texts: readonly string[]) => Piece,
    signal?: AbortSignal,
  ): Promise<Piece[]> {
    return this.#agent.batches.write(digitsOf(await this.snowflakes(by, count, signal)), put, signal);
  }

  /** Counts a refusal; an unexpected one is logged. `what` says what was asked, without secrets. */
  refused(error: LeafcutterError, what: Readonly<Record<string, unknown>>): void {
    this.#agent.metrics.refused(error, this.#door);
    if (error.code === 'INTERNAL')
      this.#agent.log.error({ err: error, door: this.#door, ...what }, 'request failed');
  }

  #checkBare(tag: string): void {
    checkBare(tag, this.#agent.tags.shapeOf(tag));
  }

  #tally(tag: string): Tally {
    let tally = this.#tallies.get(tag);
    if (tally === undefined) {
      if (this.#tallies.size >= MAX_TALLIES) this.#tallies.clear();
      tally = this.#agent.metrics.tally(this.#door, 'segment', tag);
      this.#tallies.set(tag, tally);
    }
    return tally;
  }
}

/** @throws BAD_REQUEST if there is a shape */
function checkBare(tag: string, shape: Shape | undefined): void {
  if (shape !== undefined) throw hasShape(tag, shape.text);
}
