import { beforeEach, describe, expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock, settle } from '@leafcutter/shared/fake-clock';
import { MemoryFence } from '../../fakes/memory-fence.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { RecordedEvents } from '../../fakes/recorded-events.ts';
import { holder, newTag, overlaps } from '../../fakes/samples.ts';
import { TrustingStore } from '../../fakes/unguarded.ts';
import type { Taking } from './allocate.ts';
import { CounterBehindError, NOTHING_REMEMBERED } from './counter-behind-error.ts';
import { GroupCommit, MAX_COUNTERS } from './group-commit.ts';
import type { Range } from './range.ts';
import type { LockedGroup, LockedTag } from './store.ts';

const TAGS = ['a', 'b', 'c', 'd'];
const DEADLINE_MS = 60_000;

let clock: FakeClock;
let store: MemoryStore;
let fence: MemoryFence;
let events: RecordedEvents;

beforeEach(async () => {
  clock = new FakeClock();
  fence = new MemoryFence();
  events = new RecordedEvents();
  await open(new MemoryStore(clock), TAGS);
});

/** Works with a store that has these tags. */
async function open(of: MemoryStore, tags: readonly string[]): Promise<void> {
  store = of;
  for (const tag of tags) await store.createTag(newTag(tag));
  store.transactions = 0;
}

/** A hundred numbers. */
function hundred(row: LockedTag): Taking {
  return {
    remembered: NOTHING_REMEMBERED,
    endOf: (start) => start + 100n,
    noted: (range) => ({
      entries: [{ counter: row.name, ...range, ...holder(1), coordinatorId: 'c1', grantedAtMs: row.nowMs }],
    }),
  };
}

function grouping(): GroupCommit<string, LockedTag> {
  return new GroupCommit(
    { fence, events, coordinatorId: 'c1', clock },
    {
      several: (tags, work) => store.withTags(tags, work),
      one: (tag, work) =>
        store.withTag(tag, (row) =>
          work({
            rows: [row],
            async advance(advances) {
              for (const { to, entries, era } of advances) await row.advance(to, entries, era);
            },
          }),
        ),
    },
  );
}

const deadline = () => clock.monotonic() + DEADLINE_MS;
const told = ({ start, end }: Range) => `${start}-${end}`;

/** What each tag got, as "start-end", or the code or reason of its refusal. */
function takeAll(
  counters: GroupCommit<string, LockedTag>,
  tags: readonly string[],
  taking: (row: LockedTag) => Taking = hundred,
): Promise<string[]> {
  return Promise.all(
    tags.map((tag) =>
      counters
        .take(tag, deadline(), taking)
        .then(told, ({ code, reason }: LeafcutterError) => reason ?? code),
    ),
  );
}

async function ledgerOf(tag: string): Promise<string[]> {
  const entries = await store.readLedger(undefined, 1_000);
  return entries.filter(({ counter }) => counter.kind === 'tag' && counter.tag === tag).map(told);
}

describe('counters that are asked for together', () => {
  test('are taken in one transaction, with one question to the fence', async () => {
    expect(await takeAll(grouping(), TAGS)).toEqual(TAGS.map(() => '1-101'));
    expect([store.transactions, fence.raises]).toEqual([1, 1]);
    for (const tag of TAGS) {
      expect(await ledgerOf(tag)).toEqual(['1-101']);
      expect((await fence.read({ kind: 'tag', tag })).value).toBe(101n);
      expect(await store.findTag(tag)).toMatchObject({ nextId: 101n });
    }
  });

  test(`are at most ${MAX_COUNTERS} in a transaction, two of which are under way; the rest goes together after`, async () => {
    const tags = Array.from({ length: 3 * MAX_COUNTERS }, (_, n) => `tag-${n}`);
    await open(new MemoryStore(clock), tags);
    const { promise: commits, resolve: commit } = Promise.withResolvers<void>();
    store.beforeCommit = () => commits;
    const granted = takeAll(grouping(), tags);
    await settle();
    expect(store.transactions).toBe(2);
    commit();
    expect(await granted).toEqual(tags.map(() => '1-101'));
    expect(store.transactions).toBe(3);
  });

  test('are one of each: a second request for one waits for the first, and starts above', async () => {
    const granted = await takeAll(grouping(), ['a', 'a', 'b', 'a']);
    expect(granted).toEqual(['1-101', '101-201', '1-101', '201-301']);
    expect(store.transactions).toBe(3);
  });

  test('are refused beyond a bound', async () => {
    store.beforeCommit = () => new Promise(() => undefined);
    const counters = grouping();
    const ask = () => counters.take('a', deadline(), hundred);
    for (let n = 0; n < 10_000; n++) ask().catch(() => undefined);
    expect(ask).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
  });

  test('are refused at their deadline, even if no transaction ends', async () => {
    const tags = Array.from({ length: 2 * MAX_COUNTERS + 1 }, (_, n) => `tag-${n}`);
    await open(new MemoryStore(clock), tags);
    store.beforeCommit = () => new Promise(() => undefined);
    const counters = grouping();
    void takeAll(counters, tags.slice(0, -1));
    await settle();
    const refused: unknown[] = [];
    for (const tag of ['tag-0', 'tag-128'])
      counters.take(tag, deadline(), hundred).catch((error: unknown) => refused.push(error));
    await clock.advance(DEADLINE_MS);
    await settle();
    expect(refused).toMatchObject([{ reason: 'deadline' }, { reason: 'deadline' }]);
  });

  test('tell the store how long the one who waits longest still does', async () => {
    const left: number[] = [];
    const counters = new GroupCommit<string, LockedTag>(
      { fence, events, coordinatorId: 'c1', clock },
      {
        several: async (tags, work, leftMs) => {
          left.push(leftMs());
          const done = await store.withTags(tags, work);
          await clock.advance(200);
          left.push(leftMs());
          return done;
        },
        one: () => Promise.reject(new Error('not asked for')),
      },
    );
    const deadlines = { a: 500, b: 900, c: 700 };
    await Promise.all(
      Object.entries(deadlines).map(([tag, ms]) => counters.take(tag, clock.monotonic() + ms, hundred)),
    );
    expect(left).toEqual([900, 700]);
  });

  test('whose deadline has passed meanwhile are not asked for', async () => {
    const { promise: commits, resolve: commit } = Promise.withResolvers<void>();
    store.beforeCommit = () => commits;
    const counters = grouping();
    const granted = takeAll(counters, ['a', 'a']);
    await settle();
    await clock.advance(DEADLINE_MS);
    commit();
    expect(await granted).toEqual(['1-101', 'deadline']);
    expect(store.transactions).toBe(1);
  });
});

describe('one counter’s trouble is its own', () => {
  test('although more than can be remembered failed before', async () => {
    const counters = grouping();
    const unknown = Array.from({ length: 1_001 }, (_, n) => `unknown-${n}`);
    await takeAll(counters, unknown);
    const { withTags, withTag } = store;
    store.withTags = (tags, work) => {
      if (tags.includes('b')) throw new LeafcutterError('STORE_UNAVAILABLE', 'no', { reason: 'table' });
      return withTags.call(store, tags, work) as never;
    };
    store.withTag = (tag, work) => {
      if (tag === 'b') throw new LeafcutterError('STORE_UNAVAILABLE', 'no', { reason: 'table' });
      return withTag.call(store, tag, work) as never;
    };
    const wanted = ['1-101', 'table', '1-101', '1-101'];
    expect(await takeAll(counters, TAGS)).toEqual(wanted);
    store.transactions = 0;
    expect((await takeAll(counters, TAGS))[1]).toBe('table');
    expect(store.transactions).toBe(1);
  });

  test('if it must not be served, nothing of it is written, and the others go on', async () => {
    const refused = (row: LockedTag) => {
      if (row.tag.tag === 'b') throw new LeafcutterError('TAG_RETIRED', 'no');
      return hundred(row);
    };
    expect(await takeAll(grouping(), TAGS, refused)).toEqual(['1-101', 'TAG_RETIRED', '1-101', '1-101']);
    expect(await ledgerOf('b')).toEqual([]);
    expect((await fence.read({ kind: 'tag', tag: 'b' })).value).toBe(0n);
    expect(store.transactions).toBe(1);
  });

  test('if its range must not be granted, the same', async () => {
    const exhausted = (row: LockedTag): Taking => ({
      ...hundred(row),
      endOf: (start) => {
        if (row.tag.tag === 'b') throw new LeafcutterError('TAG_EXHAUSTED', 'no');
        return start + 100n;
      },
    });
    expect(await takeAll(grouping(), TAGS, exhausted)).toEqual(['1-101', 'TAG_EXHAUSTED', '1-101', '1-101']);
    expect(await ledgerOf('b')).toEqual([]);
    expect(store.transactions).toBe(1);
  });

  test('if nobody knows it, it is asked for alone, and unknown', async () => {
    expect(await takeAll(grouping(), ['a', 'nobody', 'c'])).toEqual(['1-101', 'TAG_UNKNOWN', '1-101']);
    expect(store.transactions).toBe(2);
  });

  test.each([
    ['stands above it', { value: 5_001n, committed: 5_001n, granted: 5_001n }, 'counter_behind'],
    ['knows a later era', { value: 1n, committed: 1n, granted: 1n, era: 3 }, 'lowering_forgotten'],
  ])(
    'if its fence %s, nothing of its range is left, and the others lose no number',
    async (_name, mark, reason) => {
      fence.memory.marks.set('tag:b', mark);
      const counters = grouping();
      expect(await takeAll(counters, TAGS)).toEqual(['1-101', reason, '1-101', '1-101']);
      expect(await ledgerOf('b')).toEqual([]);
      expect(await store.findTag('b')).toMatchObject({ nextId: 1n });
      expect(await fence.read({ kind: 'tag', tag: 'b' })).toEqual(mark);
      // The whole group, and once more without it.
      expect([store.transactions, fence.raises]).toEqual([2, 2]);
      expect(events.ahead.map(({ counter }) => counter)).toEqual(reason === 'counter_behind' ? ['b'] : []);
      expect(await takeAll(counters, ['a', 'c'])).toEqual(['101-201', '101-201']);
    },
  );

  test('if its fence cannot be read, it alone is told', async () => {
    const error = new LeafcutterError('STORE_UNAVAILABLE', 'no fence', { reason: 'fence_unreadable' });
    const { raise } = fence;
    fence.raise = async (moves) =>
      moves.some(({ name }) => name.kind === 'tag' && name.tag === 'b')
        ? moves.map(({ name }) =>
            name.kind === 'tag' && name.tag === 'b' ? { kind: 'unreadable', error } : { kind: 'ok' },
          )
        : raise.call(fence, moves);
    expect(await takeAll(grouping(), TAGS)).toEqual(['1-101', 'fence_unreadable', '1-101', '1-101']);
  });

  test('if the database refuses it, each goes alone; and next time only that one', async () => {
    let isBroken = true;
    class RefusingStore extends MemoryStore {
      override withTag<T>(tag: string, work: (row: LockedTag) => Promise<T>): Promise<T> {
        return super.withTag(tag, (row) =>
          work({ ...row, advance: (...call) => this.#refuse([tag]).then(() => row.advance(...call)) }),
        );
      }

      override withTags<T>(
        tags: readonly string[],
        work: (group: LockedGroup<LockedTag>) => Promise<T>,
      ): Promise<T> {
        return super.withTags(tags, (group) =>
          work({ ...group, advance: (all) => this.#refuse(tags).then(() => group.advance(all)) }),
        );
      }

      async #refuse(tags: readonly string[]): Promise<void> {
        if (isBroken && tags.includes('b'))
          throw new LeafcutterError('STORE_UNAVAILABLE', 'does not fit', { reason: 'table' });
      }
    }
    await open(new RefusingStore(clock), TAGS);
    const counters = grouping();
    expect(await takeAll(counters, TAGS)).toEqual(['1-101', 'table', '1-101', '1-101']);
    expect(fence.raises).toBe(3);
    store.transactions = 0;
    expect(await takeAll(counters, TAGS)).toEqual(['101-201', 'table', '101-201', '101-201']);
    expect(store.transactions).toBe(2);
    isBroken = false;
    expect(await takeAll(counters, TAGS)).toEqual(['201-301', '1-101', '201-301', '201-301']);
    store.transactions = 0;
    expect(await takeAll(counters, TAGS)).toEqual(['301-401', '101-201', '301-401', '301-401']);
    expect(store.transactions).toBe(1);
  });

  test('if somebody holds its row, the others do not wait, and it gets its turn', async () => {
    const { promise: letGo, resolve } = Promise.withResolvers<void>();
    const held = store.withTag('b', () => letGo);
    const counters = grouping();
    const ofHeld = takeAll(counters, ['b']);
    expect(await takeAll(counters, ['a', 'c', 'd'])).toEqual(['1-101', '1-101', '1-101']);
    resolve();
    await held;
    expect(await ofHeld).toEqual(['1-101']);
  });

  test('if three rows stay stuck, a counter that has to go alone still gets its turn', async () => {
    const stuck = ['a', 'b', 'c'];
    const hung: ((error: Error) => void)[] = [];
    const { withTags, withTag } = store;
    store.withTags = (tags, work) => {
      const free = tags.filter((tag) => !stuck.includes(tag));
      return withTags.call(store, free, work) as never;
    };
    store.withTag = (tag, work) =>
      stuck.includes(tag)
        ? new Promise((_, reject) => hung.push(reject))
        : (withTag.call(store, tag, work) as never);
    const counters = grouping();
    const first = takeAll(counters, stuck);
    await settle();
    expect(hung).toHaveLength(3);
    const tooLong = new LeafcutterError('STORE_UNAVAILABLE', 'the row is held', { reason: 'deadlock' });
    for (const end of hung.splice(0)) end(tooLong);
    expect(await first).toEqual(['deadlock', 'deadlock', 'deadlock']);
    void takeAll(counters, stuck);
    await settle();
    expect(hung).toHaveLength(2);
    expect(await takeAll(counters, ['nobody', 'd'])).toEqual(['TAG_UNKNOWN', '1-101']);
    // The third has its turn, too.
    hung[0]?.(tooLong);
    await settle();
    expect(hung).toHaveLength(3);
  });

  test('if the rows of many are held, others go on in groups', async () => {
    const tags = Array.from({ length: 40 }, (_, n) => `tag-${n}`);
    await open(new MemoryStore(clock), [...TAGS, ...tags]);
    const { promise: letGo, resolve } = Promise.withResolvers<void>();
    const held = tags.map((tag) => store.withTag(tag, () => letGo));
    const counters = grouping();
    const ofHeld = takeAll(counters, tags);
    await settle();
    for (const start of [1, 101, 201])
      expect(await takeAll(counters, TAGS)).toEqual(TAGS.map(() => `${start}-${start + 100}`));
    resolve();
    await Promise.all(held);
    expect(await ofHeld).toEqual(tags.map(() => '1-101'));
  });
});

describe('what concerns all', () => {
  const outcomes = async (counters: GroupCommit<string, LockedTag>) => takeAll(counters, TAGS);

  test.each([
    ['before-commit', '1-101'],
    ['after-commit', '101-201'],
  ] as const)(
    'a COMMIT without an answer (%s) gives nobody the range that it may have taken',
    async (fault, next) => {
      const counters = grouping();
      store.failNext(fault);
      expect(await outcomes(counters)).toEqual(TAGS.map(() => 'commit_unclear'));
      // Fences stand above what may have been taken.
      const behind = next === '1-101' ? 'counter_behind' : next;
      expect(await outcomes(counters)).toEqual(TAGS.map(() => behind));
    },
  );

  test('NEGATIVE CONTROL: taken for a success, it does', async () => {
    await open(new TrustingStore(clock), TAGS);
    fence.raise = async (moves) => moves.map(() => ({ kind: 'ok' }));
    store.failNext('before-commit');
    const counters = grouping();
    const ranges: Range[] = [];
    for (let n = 0; n < 2; n++) ranges.push(await counters.take('a', deadline(), hundred));
    expect(overlaps(ranges)).toHaveLength(1);
  });

  test('a fence without an answer counts as risen, of each', async () => {
    fence.failNext('after-raise');
    const counters = grouping();
    expect(await outcomes(counters)).toEqual(TAGS.map(() => 'fence_unclear'));
    expect(await outcomes(counters)).toEqual(TAGS.map(() => 'counter_behind'));
  });

  describe('a database that forgets a group', () => {
    /** What "a" and "b" get before it forgets, and after. */
    async function takenTwice(): Promise<Range[][]> {
      const counters = grouping();
      const take = (tag: string) =>
        counters.take(tag, deadline(), hundred).catch((error: unknown) => {
          if (!(error instanceof CounterBehindError)) throw error;
          const { remembered } = error;
          return counters.take(tag, deadline(), (row) => ({ ...hundred(row), remembered }));
        });
      const before = await Promise.all([take('a'), take('b')]);
      store.database.loseLast(1);
      const after = await Promise.all([take('a'), take('b')]);
      return before.map((range, index) => [range, after[index] ?? range]);
    }

    test('hands no range out again', async () => {
      expect((await takenTwice()).flatMap(overlaps)).toEqual([]);
    });

    test('NEGATIVE CONTROL: if the fence of one was not raised, its range is handed out again', async () => {
      const { raise } = fence;
      fence.raise = async (moves) => [{ kind: 'ok' }, ...(await raise.call(fence, moves.slice(1)))];
      expect((await takenTwice()).flatMap(overlaps)).toHaveLength(1);
    });
  });
});
