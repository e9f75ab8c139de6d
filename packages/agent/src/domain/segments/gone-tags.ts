import type { Clock } from '@leafcutter/shared/clock';
import { hasCode, type LeafcutterError } from '@leafcutter/shared/errors';

/** Names that are remembered; past them the oldest is forgotten. */
const MAX_NAMES = 10_000;
/** How long a name is remembered: a tag that is made meanwhile is served by then. */
const REMEMBERED_MS = 2_000;

/**
 * Names of which a coordinator said lately that there is no such tag, or that it is retired. Who asks for one again is
 * answered from here, so that asking for the same names over and over costs the coordinators little.
 */
export class GoneTags {
  readonly #clock: Clock;
  /** In the order in which they came, so the first to expire comes first. */
  readonly #byName = new Map<string, { readonly error: LeafcutterError; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Remembers what a coordinator said of `name`, if that is that no such tag gives IDs. */
  told(name: string, error: LeafcutterError): void {
    if (!hasCode(error, 'TAG_UNKNOWN', 'TAG_RETIRED')) return;
    this.#byName.delete(name);
    this.#byName.set(name, { error, until: this.#clock.monotonic() + REMEMBERED_MS });
    const [oldest] = this.#byName.keys();
    if (this.#byName.size > MAX_NAMES && oldest !== undefined) this.#byName.delete(oldest);
  }

  /** What a coordinator said of `name` lately. */
  find(name: string): LeafcutterError | undefined {
    const known = this.#byName.get(name);
    return known !== undefined && this.#clock.monotonic() < known.until ? known.error : undefined;
  }

  /** Forgets what is past its time. */
  tick(now: number): void {
    for (const [name, { until }] of this.#byName) {
      if (now < until) return;
      this.#byName.delete(name);
    }
  }

  /** Names in memory. */
  get count(): number {
    return this.#byName.size;
  }
}
