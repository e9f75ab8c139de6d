import { AHEAD_MS, datedName, datedShape, templateOf } from '@leafcutter/shared/dated';
import { hasCode, LeafcutterError } from '@leafcutter/shared/errors';
import type { Store, TagRecord } from '../allocation/store.ts';

/** Makes the tags of days when agents ask for them. Each has the settings of its template and a counter of its own. */
export class DatedTags {
  readonly #store: Store;
  readonly #maxClockSkewMs: number;

  /** `maxClockSkewMs`: how far an agent's day may be ahead of the database's, or behind. */
  constructor(store: Store, maxClockSkewMs: number) {
    this.#store = store;
    this.#maxClockSkewMs = maxClockSkewMs;
  }

  /**
   * Called before `tag` is granted: if it belongs to a template, it exists from now on. `agentTimeMs`: the clock of an
   * agent that asks for a day which is about to begin. If it ran ahead, the agent would begin that day too early.
   * @throws TAG_RETIRED, STORE_UNAVAILABLE, CLOCK_SKEWED with reason `day` if it is not that day, BAD_REQUEST if the
   * existing tag has another shape than the template
   */
  async prepare(tag: string, agentTimeMs?: number): Promise<void> {
    const dated = templateOf(tag);
    const template = dated && (await this.#store.findTag(dated.template));
    // Not a template but one of Leaf's tags with braces in its name: it is served as it is.
    if (template?.shape === undefined) return;
    if (template.retired) throw new LeafcutterError('TAG_RETIRED', `Tag "${template.tag}" is retired.`);
    await this.#checkDay(template.tag, tag, agentTimeMs);
    const shape = datedShape(template.shape, dated?.digits ?? '');
    const made = (await this.#store.findTag(tag)) ?? (await this.#make({ ...template, tag, shape }));
    if (made?.shape === shape) return;
    throw new LeafcutterError(
      'BAD_REQUEST',
      `Tag "${tag}" was not created for "${template.tag}": its texts could be those of another day.`,
      { reason: 'shape' },
    );
  }

  async #checkDay(template: string, tag: string, agentTimeMs: number | undefined): Promise<void> {
    const now = await this.#store.now();
    const skew = this.#maxClockSkewMs;
    const mayBeAhead = agentTimeMs !== undefined && agentTimeMs <= now + skew;
    const times = [now - skew, now, now + skew, mayBeAhead ? now + AHEAD_MS : now];
    if (times.some((atMs) => datedName(template, atMs) === tag)) return;
    throw new LeafcutterError(
      'CLOCK_SKEWED',
      `By the database's clock it is time for "${datedName(template, now)}", not for "${tag}"; correct the agent's clock.`,
      { reason: 'day', retryAfterMs: skew },
    );
  }

  async #make({ retired: _, highWater: __, ...tag }: TagRecord): Promise<TagRecord | undefined> {
    return this.#store.createTag(tag).catch((error: unknown) => {
      if (hasCode(error, 'TAG_EXISTS')) return this.#store.findTag(tag.tag);
      throw error;
    });
  }
}
