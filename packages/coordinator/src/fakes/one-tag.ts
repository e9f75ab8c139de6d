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

/** A coordinator with one tag, "orders" in steps of 50, and what people and stores may do to it. */
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
  readonly guard = new FenceGuard({ ...this.parts, layout: LAYOUT_TEXT, newGeneration: () => 'g' });
  segments = this.arbiter(this.guard);
  /** All that was granted. */
  readonly ranges: Range[] = [];

  static async make(): Promise<OneTag> {
    const tag = new OneTag();
    await tag.store.createTag(newTag('orders', { step: 50 }));
    await tag.guard.sweep();
    return tag;
  }

  arbiter(unfenced: FenceGuard): SegmentArbiter {
    return new SegmentArbiter({ ...this.parts, unfenced, random: () => 0.5, rules: this.rules });
  }

  /** "start-end" of what is granted, or the code of the refusal. */
  async grant(): Promise<string> {
    const asked = this.segments.grant('orders', holder(1), CALM).then(
      (range) => {
        this.ranges.push(range);
        return `${range.start}-${range.end}`;
      },
      (error: { code?: string }) => error.code ?? String(error),
    );
    await this.clock.advance(2_000);
    return asked;
  }

  /** An operator's UPDATE leaf_alloc SET max_id. */
  byHand(nextId: bigint): void {
    const row = this.store.database.tags.get('orders');
    if (row !== undefined) this.store.database.tags.set('orders', { ...row, nextId });
  }

  lower(to: bigint): Promise<Lowered> {
    return lowerCounter(this.parts, 'orders', to, false);
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
    await this.sweeps();
  }
}
