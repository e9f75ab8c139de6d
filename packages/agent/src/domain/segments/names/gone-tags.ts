import type { Clock } from '@leafcutter/shared/clock';
import { hasCode, type LeafcutterError } from '@leafcutter/shared/errors';

/** How many names are remembered; beyond that the oldest is forgotten. */
const MAX_NAMES = 10_000;
/** How long a name is remembered. If the tag is made meanwhile, it is served after that. */
const REMEMBERED_MS = 2_000;

/**
 * Names that a coordinator lately said have no tag, or a retired one. A request for one is answered from here, so
 * asking for the same names over and over costs the coordinators little.
 */
export class GoneTags {
  readonly #clock: Clock;
  /** In order of arrival, so the first one expires first. */
  readonly #byName = new Map<string, { readonly error: LeafcutterError; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Remembers a coordinator's answer about `name`, if it means that the tag gives no IDs. */
  told(name: string, error: LeafcutterError): void {
    if (!hasCode(error, 'TAG_UNKNOWN', 'TAG_RETIRED')) return;
    this.#byName.delete(name);
    this.#byName.set(name, { error, until: this.#clock.monotonic() + REMEMBERED_MS });
    const [oldest] = this.#byName.keys();
    if (this.#byName.size > MAX_NAMES && oldest !== undefined) this.#byName.delete(oldest);
  }

  /** A coordinator's recent answer about `name`. */
  find(name: string): LeafcutterError | undefined {
    const known = this.#byName.get(name);
    return known !== undefined && this.#clock.monotonic() < known.until ? known.error : undefined;
  }

  /** Forgets names that have expired. */
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
