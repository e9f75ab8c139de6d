import { expect, test } from '@jest/globals';
import { Tags } from '@leafcutter/agent/domain/segments/tags';
import { RecordedAgentEvents } from '@leafcutter/agent/fakes/recorded-events';
import { SEGMENT_RULES as BUFFER_RULES } from '@leafcutter/agent/fakes/samples';
import { SegmentArbiter } from '@leafcutter/coordinator/domain/segments/segments';
import { DatedTags } from '@leafcutter/coordinator/domain/tags/dated-tags';
import { MemoryFence } from '@leafcutter/coordinator/fakes/memory-fence';
import { MemoryStore } from '@leafcutter/coordinator/fakes/memory-store';
import { RecordedEvents } from '@leafcutter/coordinator/fakes/recorded-events';
import { holder, newTag, SEGMENT_RULES } from '@leafcutter/coordinator/fakes/samples';
import { noLocks } from '@leafcutter/coordinator/stores/memory/no-locks';
import type { Clock } from '@leafcutter/shared/clock';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { Shape } from '@leafcutter/shared/shape';

const TEMPLATE = 'o{yyyyMMddHH@Europe/Berlin}';
const SKEW_MS = 2_000;
const MINUTE_MS = 60_000;
/** In Berlin the hour from two to three comes twice, and the day after begins. */
const CLOCK_CHANGE_MS = Date.UTC(2026, 9, 25, 1);
const MIDNIGHT_MS = Date.UTC(2026, 9, 25, 23);

/** A coordinator's answers to agents whose clocks are off by so much. */
async function deployment(clock: FakeClock, offsetsMs: readonly number[]) {
  const store = new MemoryStore(clock);
  await store.createTag(newTag(TEMPLATE, { shape: '{yyyyMMddHH}-{decimal}', step: 20 }));
  const dated = new DatedTags(store, SKEW_MS);
  const segments = new SegmentArbiter({
    store,
    clock,
    fence: new MemoryFence(),
    locks: noLocks,
    random: () => 0.5,
    rules: SEGMENT_RULES,
    events: new RecordedEvents(),
    coordinatorId: 'c1',
  });
  let isAway = false;
  const agents = offsetsMs.map((offsetMs, n) => {
    const own: Clock = {
      now: () => clock.now() + offsetMs,
      monotonic: () => clock.monotonic(),
      after: (ms, act) => clock.after(ms, act),
    };
    const source = {
      async fetchSegment(tag: string, { aheadAtMs, ...demand }: Parameters<Source['fetchSegment']>[1]) {
        if (isAway) throw new Error('away');
        await dated.prepare(tag, aheadAtMs);
        const granted = await segments.grant(tag, holder(n), { ...demand, understands: ['shapes'] });
        return { ...granted, shape: Shape.parse(granted.shape ?? '') };
      },
    };
    const rules = { ...BUFFER_RULES, idleMs: 3_600_000 };
    return new Tags({ source, clock: own, random: () => n / 4, rules, events: new RecordedAgentEvents() });
  });
  return {
    agents,
    setAway(away: boolean) {
      isAway = away;
    },
  };
}

type Source = ConstructorParameters<typeof Tags>[0]['source'];

/** What each agent was given every five seconds, from ten minutes before until a minute after. */
async function drawOver(clock: FakeClock, boundaryMs: number, { agents, setAway }: Deployment) {
  clock.jump(boundaryMs - 10 * MINUTE_MS - clock.now());
  const drawn: { agent: number; text: string; number: bigint }[] = [];
  while (clock.now() < boundaryMs + MINUTE_MS) {
    // Nobody answers around the boundary: each agent has what it needs.
    setAway(Math.abs(clock.now() - boundaryMs) < MINUTE_MS / 2);
    agents.forEach((tags, agent) => {
      const given = ([range]: Awaited<ReturnType<Tags['take']>>) => {
        const number = range?.start ?? -1n;
        drawn.push({ agent, number, text: range?.shape?.write(number) ?? '' });
      };
      tags.take(TEMPLATE, 1).then(given, () => undefined);
    });
    await clock.advance(5_000);
  }
  return drawn;
}

type Deployment = Awaited<ReturnType<typeof deployment>>;

test.each([[[0, 0, 0]], [[-1_900, 0, 1_900]]])(
  'I1, I3: no text of an hour or a day is given twice and none falls, over a clock change and a midnight, by clocks off by %j ms',
  async (offsetsMs) => {
    const clock = new FakeClock(CLOCK_CHANGE_MS - 3_600_000);
    const all = await deployment(clock, offsetsMs);
    const drawn = [
      ...(await drawOver(clock, CLOCK_CHANGE_MS, all)),
      ...(await drawOver(clock, CLOCK_CHANGE_MS + 3_600_000, all)),
      ...(await drawOver(clock, MIDNIGHT_MS, all)),
    ];
    for (const tags of all.agents) tags.close();
    expect(drawn).toHaveLength(3 * 3 * 132);
    const texts = drawn.map(({ text }) => text);
    expect(new Set(texts).size).toBe(texts.length);
    expect(new Set(texts.map((text) => text.slice(0, 10)))).toEqual(
      new Set(['2026102502', '2026102503', '2026102523', '2026102600']),
    );
    for (const agent of offsetsMs.keys()) {
      const own = drawn.filter((each) => each.agent === agent);
      const keys = own.map(({ text, number }) => text.slice(0, 10) + String(number).padStart(19, '0'));
      expect(keys.toSorted()).toEqual(keys);
    }
    // NEGATIVE CONTROL: without the day in its text, each hour would repeat the numbers of the one before.
    expect(new Set(drawn.map(({ number }) => number)).size).toBeLessThan(drawn.length);
  },
);
