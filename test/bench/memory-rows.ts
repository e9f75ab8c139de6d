import { Tags } from '@leafcutter/agent/domain/segments/tags';
import { systemClock } from '@leafcutter/shared/system-clock';
import type { Row } from './rounds.ts';

const KNOWN = 100_000;
const ACTIVE = 10_000;
const STEP = 1_000n;

/** What 100,000 tags in one agent take, 10,000 of them in use: memory each, and a second's tick over all of them. */
export async function memoryRows(progress: (text: string) => void): Promise<Row[]> {
  progress(`memory: ${KNOWN} tags`);
  const collect = globalThis.gc;
  const ends = new Map<string, bigint>();
  const source = {
    async fetchSegment(tag: string) {
      const start = ends.get(tag) ?? 1n;
      ends.set(tag, start + STEP);
      return { start, end: start + STEP };
    },
  };
  const nothing = () => undefined;
  const events = {
    refilled: nothing,
    refillFailed: nothing,
    refillRetried: nothing,
    discarded: nothing,
    waited: nothing,
    nameRefused: nothing,
  };
  const rules = {
    prefetchAtUsedRatio: 0.1,
    maxWaiting: 10_000,
    waitMs: 2_000,
    maxTags: KNOWN,
    idleMs: 3_600_000,
  };
  for (let n = 0; n < KNOWN; n++) ends.set(name(n), 1n);
  const tags = new Tags({ source, clock: systemClock, random: Math.random, rules, events });
  const heap = () => {
    collect?.();
    return process.memoryUsage().heapUsed;
  };
  const empty = heap();
  for (let n = 0; n < KNOWN; n++) await tags.take(name(n), 1);
  const known = heap();
  // A tag in use holds two segments and has a rate.
  for (let n = 0; n < ACTIVE; n++) await tags.take(name(n), 500);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const active = heap();
  const ticks = await slowestTurns(3_500);
  tags.close();
  const bytes = (total: number, count: number) => `${Math.round(total / count).toLocaleString('en')} bytes`;
  return [
    {
      row: `one agent with ${KNOWN.toLocaleString('en')} tags in memory, ${ACTIVE.toLocaleString('en')} of them active`,
      figures: {
        'heap per tag':
          collect === undefined ? 'not measured without --expose-gc' : bytes(known - empty, KNOWN),
        'more per active tag': collect === undefined ? '' : bytes(Math.max(0, active - known), ACTIVE),
        timers: '1 for all tags, and 1 per tag while somebody waits or a refill is retried',
        'longest turn of the event loop, a tick of all tags in it': `${ticks.toFixed(0)} ms`,
      },
    },
  ];
}

/** The longest time between two turns of the event loop. */
async function slowestTurns(ms: number): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const end = last + ms;
  while (last < end) {
    await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  return longest;
}

function name(n: number): string {
  return `tag-${String(n).padStart(6, '0')}`;
}
