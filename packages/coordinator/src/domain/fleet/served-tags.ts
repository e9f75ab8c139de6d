import type { Clock } from '@leafcutter/shared/clock';
import type { ReportAnswer } from '@leafcutter/shared/wire';
import type { Store } from '../allocation/store.ts';

/** For how long a tag that was found served is not asked about again, in milliseconds. */
const SERVED_FOR_MS = 2_000;
/** How many tags are remembered. */
const MAX_REMEMBERED = 10_000;
/** How many tags one statement asks about; a report names as many at most. */
const AT_ONCE = 1_000;

type Found = Awaited<ReturnType<Store['findTags']>>;

/**
 * Tells agents which of their tags are served no longer. A fleet asks about the same few tags all the time, so those
 * that are served are remembered for two seconds, and questions that come during a statement share the next one. That a
 * tag is gone is never remembered.
 */
export class ServedTags {
  readonly #store: Pick<Store, 'findTags'>;
  readonly #clock: Clock;
  /** Until when each is taken for served, monotonic milliseconds, oldest first. */
  #servedUntil = new Map<string, number>();
  #asking: Promise<unknown> = Promise.resolve();
  #next: { readonly tags: Set<string>; readonly found: Promise<Found> } | undefined;

  constructor(store: Pick<Store, 'findTags'>, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** @throws STORE_UNAVAILABLE */
  async goneOf(tags: readonly string[]): Promise<ReportAnswer['gone']> {
    const now = this.#clock.monotonic();
    // If tags are changed meanwhile, what is remembered of this answer goes into a map that nobody asks any more.
    const servedUntil = this.#servedUntil;
    const asked = tags.filter((tag) => (servedUntil.get(tag) ?? now) <= now);
    if (asked.length === 0) return [];
    const found = new Map((await this.#find(asked)).map((record) => [record.tag, record]));
    return asked.flatMap((tag): ReportAnswer['gone'] => {
      const record = found.get(tag);
      if (record === undefined) return [{ tag, code: 'TAG_UNKNOWN' }];
      if (record.retired) return [{ tag, code: 'TAG_RETIRED' }];
      remember(servedUntil, tag, now + SERVED_FOR_MS);
      return [];
    });
  }

  /** A tag was changed through this coordinator. */
  forget(): void {
    this.#servedUntil = new Map();
    this.#next = undefined;
  }

  #find(tags: readonly string[]): Promise<Found> {
    if (this.#next === undefined || this.#next.tags.size + tags.length > AT_ONCE) {
      const together = new Set<string>();
      const found = this.#asking.then(() => {
        if (this.#next?.tags === together) this.#next = undefined;
        return this.#store.findTags([...together]);
      });
      this.#asking = found.catch(() => undefined);
      this.#next = { tags: together, found };
    }
    for (const tag of tags) this.#next.tags.add(tag);
    return this.#next.found;
  }
}

function remember(servedUntil: Map<string, number>, tag: string, until: number): void {
  servedUntil.delete(tag);
  servedUntil.set(tag, until);
  const [oldest] = servedUntil.keys();
  if (servedUntil.size > MAX_REMEMBERED && oldest !== undefined) servedUntil.delete(oldest);
}
