import type { Clock } from '@leafcutter/shared/clock';
import { datedName } from '@leafcutter/shared/dated';

/**
 * Which tag gives a template's IDs now, by this agent's clock. The clock may be wrong: the day is part of each text,
 * and the coordinator refuses a wrong day. Days never go back, so the template's IDs rise (I3).
 */
export class DatedNames {
  readonly #clock: Clock;
  /** The latest tag that gave IDs, by template. */
  readonly #latest = new Map<string, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A tag that isn't a template has its own name. */
  nameOf(tag: string): string {
    const name = datedName(tag, this.#clock.now());
    const latest = this.#latest.get(tag);
    return latest !== undefined && latest > name ? latest : name;
  }

  /** The templates that gave IDs, each with the tag that gave the latest. */
  get latest(): Iterable<readonly [template: string, name: string]> {
    return this.#latest;
  }

  /** The tag that gives the template's IDs in `aheadMs`, if it isn't the one that gives them now. */
  nextOf(template: string, aheadMs: number): string | undefined {
    const next = datedName(template, this.#clock.now() + aheadMs);
    return next > this.nameOf(template) ? next : undefined;
  }

  /** True if a tag of `template` gave IDs. */
  gave(template: string): boolean {
    return this.#latest.has(template);
  }

  /** The tag `name` gave IDs of `template`; from now on no earlier tag may. */
  took(template: string, name: string): void {
    if (name > (this.#latest.get(template) ?? '')) this.#latest.set(template, name);
  }
}
