import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { reap } from '@leafcutter/coordinator/domain/reap';
import type { AgentRecord, Roster } from '@leafcutter/coordinator/domain/roster';
import { holder } from '@leafcutter/coordinator/fakes/samples';
import { FakeClock } from '@leafcutter/shared/fake-clock';

export interface RosterUnderTest {
  readonly roster: Roster;
  /** Lets the roster's time pass. */
  elapse(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** What every roster promises (`domain/roster.ts`). */
export function rosterContract(name: string, open: () => Promise<RosterUnderTest>): void {
  describe(`the roster contract on ${name}`, () => {
    let subject: RosterUnderTest;
    let roster: Roster;

    beforeEach(async () => {
      subject = await open();
      roster = subject.roster;
    });
    afterEach(() => subject.close());

    const agent = (n: number, seenAtMs: number): AgentRecord => ({
      ...holder(n),
      ...{
        version: '1.2.3',
        timeMs: seenAtMs,
        clock: { offsetMs: 3, skewed: false },
        tags: [],
        snowflake: null,
      },
      ...{ tagCount: n, nextReportMs: 15_000, seenAtMs },
    });

    test('is empty at first', async () => {
      expect(await roster.list()).toEqual([]);
    });

    test('lists whoever reported, most recently seen first, each once', async () => {
      await roster.report(agent(1, 100));
      await roster.report(agent(2, 300));
      await roster.report(agent(3, 200));
      await roster.report(agent(1, 400));
      expect(await roster.list()).toEqual([agent(1, 400), agent(2, 300), agent(3, 200)]);
    });

    test('takes an agent off, and does not mind one that is not there', async () => {
      await roster.report(agent(1, 100));
      await roster.remove(holder(1).instanceId);
      await roster.remove(holder(2).instanceId);
      expect(await roster.list()).toEqual([]);
    });

    test('is watched for as long as it was asked to be', async () => {
      expect(await roster.isWatched()).toBe(false);
      await roster.watch(600_000);
      expect(await roster.isWatched()).toBe(true);
      await roster.watch(300_000);
      await subject.elapse(300_000);
      expect(await roster.isWatched()).toBe(false);
    });

    test('lists 10,000 at most, the most recently seen', async () => {
      const reports: Promise<void>[] = [];
      for (let n = 1; n <= 10_050; n++) reports.push(roster.report(agent(n, n)));
      await Promise.all(reports);
      const listed = await roster.list();
      expect([listed.length, listed[0]?.seenAtMs, listed.at(-1)?.seenAtMs]).toEqual([10_000, 10_050, 51]);
    });

    test('is rid of silent agents by the reap job', async () => {
      const clock = new FakeClock();
      await roster.report(agent(1, clock.now()));
      await clock.advance(60_000);
      await roster.report(agent(2, clock.now()));
      await clock.advance(1);
      const left = [agent(2, clock.now() - 1)];
      expect(await reap(roster, clock, 60_000)).toEqual(left);
      expect(await roster.list()).toEqual(left);
    });
  });
}
