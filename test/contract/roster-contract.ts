import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type AgentPage,
  type AgentRecord,
  type AgentReport,
  type Entering,
  GRACE_MS,
  PAGE,
  type Roster,
  type TagSum,
} from '@leafcutter/coordinator/domain/fleet/roster';
import { agentRecord, holder } from '@leafcutter/coordinator/fakes/samples';
import { ASKING, bufferView } from '@leafcutter/shared/fakes/samples';
import type { BufferView } from '@leafcutter/shared/wire';

export interface RosterUnderTest {
  readonly roster: Roster;
  /** Lets the roster's time pass. */
  elapse(ms: number): Promise<void>;
  close(): Promise<void>;
}

const MAX_BYTES = 3_000_000;

/** When agents that reported at `seenAtMs` are overdue: they report every 15 s. */
const overdueAfter = (seenAtMs: number) => seenAtMs + 15_000 + GRACE_MS + 1;

const drawn = (tag: string, own: Partial<BufferView> = {}) => bufferView(tag, { ratePerSecond: 1.5, ...own });

/** What every roster promises (`domain/fleet/roster.ts`). */
export function rosterContract(name: string, open: (maxBytes: number) => Promise<RosterUnderTest>): void {
  describe(`the roster contract on ${name}`, () => {
    let subject: RosterUnderTest;
    let roster: Roster;

    beforeEach(async () => {
      subject = await open(MAX_BYTES);
      roster = subject.roster;
    });
    afterEach(() => subject.close());

    /** Enters so many at once as one call takes. */
    async function enter(reports: readonly AgentReport[]): Promise<Entering[]> {
      const entered: Entering[] = [];
      for (let from = 0; from < reports.length; from += PAGE)
        entered.push(...(await roster.report(reports.slice(from, from + PAGE))));
      return entered;
    }

    async function sums(): Promise<Record<string, Omit<TagSum, 'tag'>>> {
      const all: Record<string, Omit<TagSum, 'tag'>> = {};
      for await (const some of roster.sums()) for (const { tag, ...sum } of some) all[tag] = sum;
      return all;
    }

    const counts = async () => {
      const { alive, silent, unheard } = await roster.counts(0);
      expect(unheard).toBe(0);
      return { alive, silent };
    };
    const first = async () => (await roster.page({ most: 1_000 })).agents;
    const idsOf = ({ agents }: Pick<AgentPage, 'agents'>) => agents.map(({ agentId }) => agentId);

    test('is empty at first', async () => {
      expect(await roster.page({ most: 10 })).toEqual({ agents: [], next: null });
      expect([await counts(), await sums(), await roster.inTrouble()]).toEqual([
        { alive: 0, silent: 0 },
        {},
        [],
      ]);
    });

    test('shows whoever reported as it last did, each once', async () => {
      await enter([agentRecord(1, 100, [drawn('a')]), agentRecord(2, 300)]);
      await enter([agentRecord(1, 400, [drawn('b')])]);
      const all = [agentRecord(1, 400, [drawn('b')]), agentRecord(2, 300)];
      expect(await first()).toEqual(all);
      expect(await roster.read([holder(2).instanceId, holder(9).instanceId])).toEqual([all[1]]);
    });

    test('takes an agent off, and does not mind one that is not there', async () => {
      await enter([agentRecord(1, 100, [drawn('a')])]);
      await roster.remove(holder(1).instanceId);
      await roster.remove(holder(2).instanceId);
      expect([await first(), await sums(), await counts()]).toEqual([[], {}, { alive: 0, silent: 0 }]);
    });

    test('is watched for as long as it was asked to be', async () => {
      expect(await roster.isWatched()).toBe(false);
      await roster.watch(600_000);
      expect(await roster.isWatched()).toBe(true);
      await roster.watch(300_000);
      await subject.elapse(300_000);
      expect(await roster.isWatched()).toBe(false);
    });

    test('is read by the page, in the order of agent ids and their numbers, and searched', async () => {
      await enter(Array.from({ length: 250 }, (_, n) => agentRecord(250 - n, n)));
      const pages: string[][] = [];
      for (
        let after: string | undefined, next: string | null = '';
        next !== null;
        after = next ?? undefined
      ) {
        const page: AgentPage = await roster.page({ after, most: 120 });
        pages.push(idsOf(page));
        next = page.next;
      }
      expect(pages.map(({ length }) => length)).toEqual([120, 120, 10]);
      expect(pages.flat()).toEqual(Array.from({ length: 250 }, (_, n) => `agent-${n + 1}`));
      expect(idsOf(await roster.page({ most: 5, search: 'GENT-24' }))).toEqual([
        'agent-24',
        ...[0, 1, 2, 3].map((n) => `agent-24${n}`),
      ]);
    });

    test('finds those that hold a tag, and looks at no more than a thousand for a page', async () => {
      const at = (n: number) =>
        agentRecord(n, n, n % 900 === 0 ? [drawn('rare'), drawn('a')] : [drawn('rar')]);
      await enter(Array.from({ length: 2_000 }, (_, n) => at(n + 1)));
      const page = await roster.page({ most: 10, tag: 'rare' });
      expect(idsOf(page)).toEqual(['agent-900']);
      expect(idsOf(await roster.page({ most: 10, tag: 'rare', after: page.next ?? '' }))).toEqual([
        'agent-1800',
      ]);
    });

    describe('sums', () => {
      test('follow what agents report, and who is alive', async () => {
        await enter([
          agentRecord(1, 1_000, [
            drawn('a', { waiting: 2, lastError: 'STORE_UNAVAILABLE', runwaySeconds: 9 }),
          ]),
          agentRecord(2, 1_000, [drawn('a', { runwaySeconds: 7 }), drawn('b c')]),
        ]);
        const b = { agents: 1, ratePerSecond: 1.5, waiting: 0, lastError: null, first: null };
        expect(await sums()).toEqual({
          a: {
            agents: 2,
            ratePerSecond: 3,
            waiting: 2,
            lastError: 'STORE_UNAVAILABLE',
            first: { instanceId: holder(2).instanceId, atMs: 8_000 },
          },
          'b c': b,
        });
        await enter([agentRecord(1, 2_000, [drawn('a', { ratePerSecond: 4, runwaySeconds: 2.5 })])]);
        const first = { instanceId: holder(1).instanceId, atMs: 4_500 };
        expect((await sums()).a).toEqual({ ...b, agents: 2, ratePerSecond: 5.5, first });
        await roster.settle(overdueAfter(1_000));
        expect(await sums()).toEqual({ a: { ...b, ratePerSecond: 4, first } });
        await enter([agentRecord(2, 40_000, [drawn('b c')])]);
        await roster.remove(holder(1).instanceId);
        expect(await sums()).toEqual({ 'b c': b });
      });

      test('stay exact over many reports, also of tags that are named twice', async () => {
        for (let round = 0; round < 30; round++) {
          const ofRound = (n: number) =>
            agentRecord(n, round, [
              drawn('a', { ratePerSecond: n * 0.1 + round }),
              drawn('a', { ratePerSecond: 1_000_000 }),
              drawn(`day ${round % 3}`),
            ]);
          await enter([1, 2, 3].map(ofRound));
        }
        const one = { agents: 3, waiting: 0, lastError: null, first: null };
        expect(await sums()).toEqual({
          a: { ...one, agents: 6, ratePerSecond: 3_000_087.6 },
          'day 2': { ...one, ratePerSecond: 4.5 },
        });
      });

      test('stay exact when several change the same agents at once', async () => {
        const of = (n: number, round: number) =>
          agentRecord(n, round, [drawn('a', { ratePerSecond: n + round }), drawn(`day ${round % 3}`)]);
        for (let round = 0; round < 10; round++)
          await Promise.all([
            roster.report([1, 2, 3].map((n) => of(n, round))),
            roster.report([2, 3, 4].map((n) => of(n, round + 1))),
            roster.settle(overdueAfter(round)),
            roster.remove(holder(1 + (round % 4)).instanceId),
          ]);
        const agents = await first();
        const states = await roster.statesOf(agents);
        const rates = new Map<string, number>();
        for (const { tags } of agents.filter((_, index) => states[index] === 'alive'))
          for (const { tag, ratePerSecond } of tags) rates.set(tag, (rates.get(tag) ?? 0) + ratePerSecond);
        const summed = Object.entries(await sums()).map(([tag, { ratePerSecond }]) => [tag, ratePerSecond]);
        expect(rates.size).toBeGreaterThan(0);
        expect(new Map(summed as [string, number][])).toEqual(rates);
      });

      test('know again who runs out first when the next one reports', async () => {
        const at = (n: number, seenAtMs: number, runwaySeconds: number) =>
          agentRecord(n, seenAtMs, [drawn('a', { runwaySeconds })]);
        await enter([at(1, 0, 5), at(2, 0, 100)]);
        await enter([at(1, 1_000, 600)]);
        expect((await sums()).a?.first?.atMs).toBe(601_000);
        await enter([at(2, 2_000, 98)]);
        expect((await sums()).a?.first?.atMs).toBe(100_000);
      });
    });

    describe('silence', () => {
      test('begins when the next report is overdue, and ends with it', async () => {
        await enter([agentRecord(1, 1_000), { ...agentRecord(2, 1_000), nextReportMs: 300_000 }]);
        await roster.settle(overdueAfter(1_000) - 1);
        expect(await counts()).toEqual({ alive: 2, silent: 0 });
        await roster.settle(overdueAfter(1_000));
        expect(await counts()).toEqual({ alive: 1, silent: 1 });
        expect(await roster.counts(1_001)).toEqual({ alive: 1, silent: 0, unheard: 1 });
        expect(await roster.statesOf([1, 2, 3].map(holder))).toEqual(['silent', 'alive', 'silent']);
        expect(await roster.inTrouble()).toEqual([agentRecord(1, 1_000)]);
        await enter([agentRecord(1, 30_000)]);
        expect([await counts(), await roster.inTrouble()]).toEqual([{ alive: 2, silent: 0 }, []]);
      });

      test('is followed by oblivion, however many are silent', async () => {
        await enter(Array.from({ length: 250 }, (_, n) => agentRecord(n + 1, n + 1)));
        expect(await roster.reap(249)).toBe(250);
        await roster.settle(overdueAfter(250));
        expect((await roster.inTrouble()).map(({ seenAtMs }) => seenAtMs)).toEqual(
          Array.from({ length: 50 }, (_, n) => n + 1),
        );
        expect(await roster.reap(249)).toBe(2);
        expect((await first()).map(({ seenAtMs }) => seenAtMs)).toEqual([249, 250]);
        expect(await roster.reap(249)).toBe(2);
      });

      test('is not told of a process whose agent was restarted, whichever comes first', async () => {
        const again = (n: number, seenAtMs: number) => ({ ...agentRecord(n, seenAtMs), agentId: 'agent-1' });
        await enter([agentRecord(1, 0), agentRecord(11, 0)]);
        await roster.settle(overdueAfter(0));
        await enter([again(2, 20_000)]);
        expect([await counts(), idsOf({ agents: await first() })]).toEqual([
          { alive: 1, silent: 1 },
          ['agent-1', 'agent-11'],
        ]);
        await enter([again(3, 25_000)]);
        await roster.settle(overdueAfter(20_000));
        expect(await counts()).toEqual({ alive: 1, silent: 1 });
        expect(await roster.processes('agent-1')).toEqual([again(3, 25_000)]);
        expect(await roster.statesOf([holder(1), holder(11)])).toEqual(['followed', 'silent']);
      });
    });

    test('tells of agents whose clock is wrong or whose lease is not renewed', async () => {
      const wrong = { ...agentRecord(1, 1), clock: { offsetMs: 1, skewed: true } };
      const failing = { ...agentRecord(2, 2), snowflake: { ...ASKING, lastError: 'STORE_UNAVAILABLE' } };
      await enter([failing, agentRecord(3, 3), wrong]);
      expect(await roster.inTrouble()).toEqual([wrong, failing]);
      await enter([agentRecord(1, 4)]);
      expect(await roster.inTrouble()).toEqual([failing]);
    });

    describe('what changed since a report', () => {
      const base = { ...agentRecord(1, 100, [drawn('a'), drawn('b'), drawn('c')]), revision: 7 };
      const next = (own: Partial<AgentReport>): AgentReport => ({
        ...agentRecord(1, 200),
        revision: 8,
        changes: { since: 7, without: [] },
        ...own,
      });

      test('is put into what the roster has', async () => {
        const b = drawn('b', { ratePerSecond: 4 });
        const change = next({ tags: [b, drawn('d')], changes: { since: 7, without: ['c', 'never'] } });
        expect(await enter([base, change])).toEqual(['entered', 'entered']);
        const { changes: _, ...shown } = change;
        expect(await first()).toEqual([{ ...shown, tags: [drawn('a'), b, drawn('d')] }]);
        expect(Object.entries(await sums()).map(([tag, { ratePerSecond }]) => [tag, ratePerSecond])).toEqual(
          expect.arrayContaining([
            ['a', 1.5],
            ['b', 4],
            ['d', 1.5],
          ]),
        );
      });

      test('is entered once if it comes twice', async () => {
        await enter([base]);
        const change = next({ tags: [drawn('d')] });
        expect(await enter([change, change])).toEqual(['entered', 'entered']);
        expect((await sums()).d?.agents).toBe(1);
      });

      test('is unknown after anything else, and changes nothing', async () => {
        expect(await enter([next({})])).toEqual(['unknown']);
        await enter([base]);
        expect(await enter([next({ changes: { since: 6, without: [] } })])).toEqual(['unknown']);
        const many = Array.from({ length: 99 }, (_, n) => drawn(`t${n}`));
        expect(await enter([next({ tags: many })])).toEqual(['unknown']);
        expect(await first()).toEqual([base]);
        // What was too long to be kept whole is no base.
        const long = Array.from({ length: 100 }, (_, n) => drawn(`${'\u0001'.repeat(100)}${n}`));
        await enter([{ ...base, tags: long }]);
        expect(await enter([next({})])).toEqual(['unknown']);
      });
    });

    /** An agent with so many tags of its own, about 14 kB in all. */
    const wide = (n: number, seenAtMs = n): AgentRecord =>
      agentRecord(
        n,
        seenAtMs,
        Array.from({ length: 40 }, (_, t) => drawn(`${n}-${t}${'t'.repeat(60)}`)),
      );
    const many = Array.from({ length: 300 }, (_, n) => wide(n + 1));

    test('has room for so many bytes: names that are made up push nobody out', async () => {
      const entered = await enter(many);
      const kept = entered.indexOf('full');
      expect([kept > 150, kept < 250, entered.lastIndexOf('entered')]).toEqual([true, true, kept - 1]);
      expect(await enter([wide(1, 5_000)])).toEqual(['entered']);
      expect((await first())[0]?.seenAtMs).toBe(5_000);
      expect((await counts()).alive).toBe(kept);
    });

    test('has room again for what was taken off, replaced or reaped', async () => {
      for (let round = 0; round < 2; round++) {
        await enter(many);
        await roster.remove(holder(1).instanceId);
        expect(await enter([wide(2_000)])).toEqual(['entered']);
        await roster.settle(100_000);
        expect(await roster.reap(50_000)).toBe(0);
      }
      for (let n = 1; n <= 300; n++) expect(await enter([{ ...wide(n), ...holder(1) }])).toEqual(['entered']);
    });
  });
}
