import type { Cancel, Clock } from '@leafcutter/shared/clock';
import { AHEAD_MS } from '@leafcutter/shared/dated';
import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Shape } from '@leafcutter/shared/shape';
import { isAskableTag } from '@leafcutter/shared/tag';
import { DatedNames } from './names/dated-names.ts';
import { FirstCalls } from './names/first-calls.ts';
import { GoneTags } from './names/gone-tags.ts';
import { RefillLatency } from './runway/refill-latency.ts';
import type { BufferEvents, BufferRules, Segment, SegmentSource } from './segment.ts';
import type { ExactId } from './segment-buffer.ts';
import { type IssuerParts, TagIssuer } from './tag-issuer.ts';
import type { TagStatus } from './tag-status.ts';

export interface TagsRules extends BufferRules {
  /** Tags in memory at once. */
  readonly maxTags: number;
  /** A tag that nobody used for this long leaves memory; what is left of its segments is never issued. */
  readonly idleMs: number;
}

const TICK_MS = 1_000;
/** How long a next day that could not be fetched ahead is left alone, milliseconds. */
const AHEAD_AGAIN_MS = 15_000;

/**
 * The tags that this agent issues. A tag enters memory with its first request and leaves it when it is idle, retired
 * or deleted. After that, only the end of its highest segment is kept, so that its IDs rise for as long as the
 * process lives (I3).
 */
export class Tags {
  readonly #parts: Parts;
  readonly #issuers = new Map<string, TagIssuer>();
  /** What all issuers share, and those of the next days of templates that are served. */
  readonly #issuerParts: IssuerParts;
  readonly #servedParts: IssuerParts;
  readonly #highest = new Map<string, bigint>();
  readonly #dated: DatedNames;
  readonly #gone: GoneTags;
  readonly #firstCalls: FirstCalls;
  /** How long before a day begins its tag is fetched; drawn with the first template, so that agents do not ask at once. */
  #aheadMs: number | undefined;
  /** When the tags of next days were asked for, monotonic milliseconds. */
  readonly #askedAhead = new Map<string, number>();
  #stopTick: Cancel = () => undefined;
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#dated = new DatedNames(parts.clock);
    this.#gone = new GoneTags(parts.clock);
    this.#firstCalls = new FirstCalls(parts.clock, () => parts.events.nameRefused('crowded_out'));
    this.#issuerParts = {
      ...parts,
      latency: new RefillLatency(),
      firstCalls: this.#firstCalls,
      dropped: (dropped, error) => {
        parts.events.nameRefused('asked');
        this.#gone.told(dropped.tag, error);
        this.#close(dropped, error);
      },
    };
    this.#servedParts = { ...this.#issuerParts, firstCalls: undefined };
    this.#tickLater();
  }

  /** One ID from memory; undefined if the caller has to wait and should use `take`, or if the tag has a shape. */
  takeOne(tag: string): bigint | undefined {
    return this.#issuers.get(tag)?.takeOne();
  }

  /** As `takeOne`, as a Number if a Number holds the ID exactly. */
  takeExact(tag: string): ExactId | undefined {
    return this.#issuers.get(tag)?.takeExact();
  }

  /** How the tag writes the numbers in memory; undefined if they are bare or there are none. */
  shapeOf(tag: string): Shape | undefined {
    return (this.#issuers.get(tag) ?? this.#issuers.get(this.#dated.nameOf(tag)))?.shape;
  }

  /** `count` IDs (1 to 10,000) as rising ranges. @throws BAD_REQUEST, RATE_LIMITED, and as TagIssuer.take */
  async take(tag: string, count: number, signal?: AbortSignal): Promise<Segment[]> {
    const issuer = this.#issuers.get(tag) ?? this.#find(tag);
    if (issuer.tag === tag) return issuer.take(count, signal);
    const ranges = await issuer.take(count, signal);
    this.#dated.took(tag, issuer.tag);
    return ranges;
  }

  /** `count` consecutive IDs from memory; undefined if the caller has to wait and should use `takeBlock`. */
  takeBlockNow(tag: string, count: number): Segment | undefined {
    return this.#issuers.get(tag)?.takeBlockNow(count);
  }

  /** `count` consecutive IDs (1 to 10,000) as one range. @throws BAD_REQUEST, RATE_LIMITED, and as TagIssuer.takeBlock */
  async takeBlock(tag: string, count: number, signal?: AbortSignal): Promise<Segment[]> {
    return (this.#issuers.get(tag) ?? this.#find(tag)).takeBlock(count, signal);
  }

  /** Drops a tag that a coordinator says is gone. */
  drop(tag: string, error: LeafcutterError): void {
    const issuer = this.#issuers.get(tag);
    if (issuer !== undefined) this.#close(issuer, error);
  }

  get count(): number {
    return this.#issuers.size;
  }

  /** Names of the tags that had a segment. For a new tag, the first refill tells whether it exists. */
  names(): string[] {
    return [...this.#issuers.values()].filter(({ highest }) => highest > 0n).map(({ tag }) => tag);
  }

  status(): TagStatus[] {
    return [...this.#issuers.values()].map((issuer) => issuer.status());
  }

  /** Stops timers and rejects waiting callers. */
  close(): void {
    this.#closed = true;
    this.#stopTick();
    this.#firstCalls.close();
    for (const issuer of [...this.#issuers.values()]) this.#close(issuer, shuttingDown());
  }

  /** The issuer of the tag; for a template, of the tag that gives its IDs today. */
  #find(tag: string): TagIssuer {
    const name = this.#dated.nameOf(tag);
    // The next day of a served template is not a name that a stranger made up.
    return this.#issuers.get(name) ?? this.#open(name, this.#dated.gave(tag));
  }

  #open(tag: string, isServed: boolean): TagIssuer {
    // While draining, a request would start a refill, and with it timers that nobody stops.
    if (this.#closed) throw shuttingDown();
    if (!isAskableTag(tag)) {
      throw new LeafcutterError(
        'BAD_REQUEST',
        'tag must have 1 to 128 characters, none of them a control character.',
        {
          reason: 'tag',
        },
      );
    }
    const gone = this.#gone.find(tag);
    if (gone !== undefined) {
      this.#parts.events.nameRefused('remembered');
      throw gone;
    }
    if (this.#issuers.size >= this.#parts.rules.maxTags) {
      throw new LeafcutterError(
        'RATE_LIMITED',
        `This agent already has ${this.#issuers.size} tags in memory, its limit.`,
      );
    }
    const parts = isServed ? this.#servedParts : this.#issuerParts;
    const issuer = new TagIssuer(tag, parts, this.#highest.get(tag) ?? 0n);
    this.#issuers.set(tag, issuer);
    return issuer;
  }

  /** If a template is drawn from, its next day is in memory before it begins. Then nobody waits at midnight, nor for a coordinator that is away. */
  #fetchAhead(template: string, name: string, now: number): void {
    const { random, rules } = this.#parts;
    const issuer = this.#issuers.get(name);
    if (issuer === undefined) return;
    this.#aheadMs ??= Math.min(AHEAD_MS * (0.5 + 0.4 * random()), rules.idleMs / 2);
    const next = this.#dated.nextOf(template, this.#aheadMs);
    const askedAt = this.#askedAhead.get(next ?? '') ?? Number.NEGATIVE_INFINITY;
    if (next === undefined || this.#issuers.has(next) || now - askedAt < AHEAD_AGAIN_MS) return;
    if (this.#issuers.size >= rules.maxTags || this.#gone.find(next) !== undefined) return;
    this.#askedAhead.delete(name);
    this.#askedAhead.set(next, now);
    this.#open(next, true).fetchAhead(issuer.status().ratePerSecond);
  }

  #close(issuer: TagIssuer, error: LeafcutterError): void {
    if (this.#issuers.get(issuer.tag) === issuer) this.#issuers.delete(issuer.tag);
    if (issuer.highest > 0n) this.#highest.set(issuer.tag, issuer.highest);
    issuer.close(error);
  }

  #tickLater(): void {
    const { clock, rules } = this.#parts;
    this.#stopTick = clock.after(TICK_MS, () => {
      const now = clock.monotonic();
      this.#gone.tick(now);
      for (const issuer of [...this.#issuers.values()]) {
        issuer.tick(now);
        if (issuer.idleSince(now - rules.idleMs)) this.#close(issuer, idle(issuer.tag));
      }
      for (const [template, name] of this.#dated.latest) this.#fetchAhead(template, name, now);
      this.#tickLater();
    });
  }
}

interface Parts {
  readonly source: SegmentSource;
  readonly clock: Clock;
  readonly random: () => number;
  readonly rules: TagsRules;
  readonly events: BufferEvents;
}

function shuttingDown(): LeafcutterError {
  return new LeafcutterError('SEGMENTS_EXHAUSTED', 'The agent is shutting down.', {
    reason: 'shutting_down',
  });
}

function idle(tag: string): LeafcutterError {
  return new LeafcutterError(
    'SEGMENTS_EXHAUSTED',
    `Tag "${tag}" was idle and was just dropped from memory; try again.`,
    {
      reason: 'idle',
    },
  );
}
