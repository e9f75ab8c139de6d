import { FakeClock } from '@leafcutter/shared/fake-clock';
import type { Range } from '../domain/allocation/range.ts';
import { FenceGuard } from '../domain/fence-guard/fence-guard.ts';
import { SegmentArbiter } from '../domain/segments/segments.ts';
import { type Lowered, lowerCounter } from '../domain/tags/lower-counter.ts';
import { noLocks } from '../stores/memory/no-locks.ts';
import { FenceMemory, MemoryFence } from './memory-fence.ts';
import { MemoryStore } from './memory-store.ts';
import { RecordedEvents } from './recorded-events.ts';
import { CALM, holder, LAYOUT_TEXT, newTag, SEGMENT_RULES } from './samples.ts';

/** A coordinator with one tag, "orders", and what people and stores may do to it. */
export class OneTag {
  readonly clock = new FakeClock();
  readonly store = new MemoryStore(this.clock);
  readonly memory = new FenceMemory();
  readonly fence = new MemoryFence(this.memory);
  readonly events = new RecordedEvents();
  readonly parts = {
    store: this.store,
    fence: this.fence,
    locks: noLocks,
    clock: this.clock,
    events: this.events,
    coordinatorId: 'c1',
  };
  readonly rules = { ...SEGMENT_RULES, adaptiveStep: false };
  guard = this.newGuard();
  segments = this.arbiter(this.guard);
  /** All that was granted. */
  readonly ranges: Range[] = [];

  #generations = 0;

  /** `step`: how many IDs each grant takes. */
  static async make(step: number): Promise<OneTag> {
    const tag = new OneTag();
    await tag.store.createTag(newTag('orders', { step }));
    await tag.guard.sweep();
    return tag;
  }

  /** The guard of a coordinator that was just started. */
  newGuard(own: Partial<ConstructorParameters<typeof FenceGuard>[0]> = {}): FenceGuard {
    const newGeneration = () => `g${++this.#generations}`;
    return new FenceGuard({ ...this.parts, layout: LAYOUT_TEXT, newGeneration, ...own });
  }

  arbiter(unfenced: FenceGuard): SegmentArbiter {
    return new SegmentArbiter({ ...this.parts, unfenced, random: () => 0.5, rules: this.rules });
  }

  /** What is granted, within a request's deadline. @throws as SegmentArbiter.grant */
  async take(): Promise<Range> {
    const asked = this.segments.grant('orders', holder(1), CALM);
    // A refusal is looked at only once the clock has moved.
    asked.catch(() => undefined);
    await this.clock.advance(2_000);
    const range = await asked;
    this.ranges.push(range);
    return range;
  }

  /** "start-end" of what is granted, or the code of the refusal. */
  grant(): Promise<string> {
    return this.take().then(
      ({ start, end }) => `${start}-${end}`,
      (error: { code?: string }) => error.code ?? String(error),
    );
  }

  /** Takes while the tag has numbers, `most` times at most. */
  async drain(most: number): Promise<void> {
    for (let n = 0; n < most; n++) {
      const isOver = await this.take().then(
        () => false,
        () => true,
      );
      if (isOver) return;
    }
  }

  /** An operator's UPDATE leaf_alloc SET max_id. */
  byHand(nextId: bigint): void {
    const row = this.store.database.tags.get('orders');
    if (row !== undefined) this.store.database.tags.set('orders', { ...row, nextId });
  }

  lower(to: bigint, force = false): Promise<Lowered> {
    return lowerCounter(this.parts, 'orders', to, force);
  }

  /**
   * A segment is granted, a typo sets the counter, another segment is granted from there, and the counter is lowered to
   * where the first one ended.
   */
  async mistypeAndLower(typo: bigint): Promise<void> {
    const { end } = await this.take();
    this.byHand(typo);
    await this.take();
    await this.lower(end);
  }

  /** MySQL goes back to when it had this many commits. */
  backTo(commits: number): void {
    this.store.database.loseLast(this.store.database.commitCount - commits);
  }

  /** As many as it takes until one has read everything. */
  async sweeps(): Promise<void> {
    for (let n = 0; n < 11; n++) await this.guard.sweep();
  }

  /** Redis forgets everything, and a sweep completes. */
  async redisForgets(): Promise<void> {
    this.memory.wipe();
    await this.guard.check();
    await this.guard.sweep();
  }

  /** A Redis as this one is now, to which it may fail over later. */
  replica(): () => void {
    const [marks, rose, { identity }] = [new Map(this.memory.marks), new Map(this.memory.rose), this.memory];
    return () => {
      this.memory.wipe();
      for (const [key, mark] of marks) this.memory.marks.set(key, mark);
      for (const [key, one] of rose) this.memory.rose.set(key, one);
      this.memory.identity = identity;
    };
  }
}
