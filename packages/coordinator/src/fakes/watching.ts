import { LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { bufferView } from '@leafcutter/shared/fakes/samples';
import type { StoreStates } from '@leafcutter/shared/fleet-views';
import type { BufferView, TagView } from '@leafcutter/shared/wire';
import type { Board } from '../domain/fleet/board.ts';
import { FleetWatch } from '../domain/fleet/fleet-watch.ts';
import type { AgentRecord } from '../domain/fleet/roster.ts';
import { MemoryBoard } from '../stores/memory/board.ts';
import { MemoryRoster } from '../stores/memory/roster.ts';
import { holder } from './samples.ts';

/** A buffer from which three IDs are drawn a second. */
export const buffer = (tag: string, own: Partial<BufferView> = {}) =>
  bufferView(tag, {
    current: { start: '1', end: '101', used: 10, size: 100 },
    prefetchAt: 10,
    remaining: 90,
    ratePerSecond: 3,
    runwaySeconds: 30,
    ...own,
  });

/** A tag as the store has it. */
export const view = (tag: string, own: Partial<TagView> = {}): TagView => ({
  tag,
  state: 'active',
  nextId: '101',
  step: 100,
  maxStep: 1_000,
  targetDurationS: 600,
  highestId: '9223372036854775806',
  description: null,
  shape: null,
  defaults: [],
  ...own,
});

/** A watch over a fleet in memory. */
export function watching(
  clock = new FakeClock(),
  board: Board = new MemoryBoard(8_000),
  coordinatorId = 'c1',
) {
  const roster = new MemoryRoster(clock, 1_000_000);
  const tags: TagView[] = [view('orders')];
  const stores: { -readonly [K in keyof StoreStates]: StoreStates[K] } = {
    redis: 'up',
    store: 'up',
    mayGoUnfenced: true,
    lostWrites: null,
    lateJobs: [],
    dependencies: [],
  };
  const failures: unknown[] = [];
  /** Of a store that takes its time. */
  const lag = { ms: 0 };
  const watch = new FleetWatch({
    failed: (error) => failures.push(error),
    tagsChanged: () => undefined,
    roster,
    board,
    clock,
    version: '1.2.3',
    ids: { coordinatorId, deploymentId: 'd1' },
    tags: {
      async list() {
        if (lag.ms > 0) await new Promise<void>((resolve) => clock.after(lag.ms, resolve));
        if (stores.store === 'down') throw new LeafcutterError('STORE_UNAVAILABLE', 'Away.');
        return { tags, next: null };
      },
    },
    stores: (isUp) => ({ ...stores, store: isUp ? 'up' : 'down' }),
  });
  const report = (n: number, own: Partial<AgentRecord> = {}) =>
    roster.report([
      {
        ...holder(n),
        version: '1',
        timeMs: clock.now(),
        clock: { offsetMs: 1, skewed: false },
        tags: [buffer('orders')],
        snowflake: null,
        tagCount: 1,
        nextReportMs: 1_000,
        seenAtMs: clock.now(),
        revision: 0,
        ...own,
      },
    ]);
  /** Lets time pass with the given agents reporting each second. */
  const pass = async (seconds: number, ...agents: number[]) => {
    for (let second = 0; second < seconds; second++) {
      for (const n of agents) await report(n);
      await clock.advance(1_000);
    }
  };
  /** Whether Redis, which has roster and board, answers. */
  const redis = (answers: boolean) => {
    stores.redis = answers ? 'up' : 'down';
    roster.settle = answers
      ? (nowMs) => MemoryRoster.prototype.settle.call(roster, nowMs)
      : () => Promise.reject(new LeafcutterError('STORE_UNAVAILABLE', 'Away.'));
  };
  return { clock, roster, board, watch, tags, stores, lag, report, pass, redis, failures };
}
