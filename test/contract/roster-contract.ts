import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { AgentRecord, Roster } from '@leafcutter/coordinator/domain/fleet/roster';
import { agentRecord, holder } from '@leafcutter/coordinator/fakes/samples';
import { bufferView } from '@leafcutter/shared/fakes/samples';

export interface RosterUnderTest {
  readonly roster: Roster;
  /** Lets the roster's time pass. */
  elapse(ms: number): Promise<void>;
  close(): Promise<void>;
}

const MAX_BYTES = 20_000_000;

const BUFFER = bufferView('t'.repeat(100));

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

    test('is empty at first', async () => {
      expect(await roster.list()).toEqual([]);
    });

    test('lists whoever reported, most recently seen first, each once', async () => {
      await roster.report(agentRecord(1, 100));
      await roster.report(agentRecord(2, 300));
      await roster.report(agentRecord(3, 200));
      await roster.report(agentRecord(1, 400));
      expect(await roster.list()).toEqual([agentRecord(1, 400), agentRecord(2, 300), agentRecord(3, 200)]);
    });

    test('takes an agent off, and does not mind one that is not there', async () => {
      await roster.report(agentRecord(1, 100));
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
      const reports: Promise<boolean>[] = [];
      for (let n = 1; n <= 10_050; n++) reports.push(roster.report(agentRecord(n, n)));
      await Promise.all(reports);
      const listed = await roster.list();
      expect([listed.length, listed[0]?.seenAtMs, listed.at(-1)?.seenAtMs]).toEqual([10_000, 10_050, 51]);
    });

    test('is rid of agents that were last seen before a moment, however many', async () => {
      const reports = [];
      for (let n = 1; n <= 250; n++) reports.push(roster.report(agentRecord(n, n)));
      await Promise.all(reports);
      expect(await roster.reap(249)).toBe(2);
      expect((await roster.list()).map(({ seenAtMs }) => seenAtMs)).toEqual([250, 249]);
      expect(await roster.reap(249)).toBe(2);
    });

    /** An agent whose record has about so many bytes. */
    const wide = (n: number, bytes: number, seenAtMs = n): AgentRecord => {
      const length = Math.floor(bytes / (JSON.stringify(BUFFER).length + 1));
      return agentRecord(
        n,
        seenAtMs,
        Array.from({ length }, () => BUFFER),
      );
    };

    test('has room for so many bytes: names that are made up push nobody out', async () => {
      const entered = [];
      for (let n = 1; n <= 1_000; n++) entered.push(await roster.report(wide(n, 30_000)));
      const kept = entered.indexOf(false);
      expect([kept > 500, kept < 800, entered.lastIndexOf(true)]).toEqual([true, true, kept - 1]);
      expect(await roster.report(wide(1, 30_000, 5_000))).toBe(true);
      expect((await roster.list())[0]?.seenAtMs).toBe(5_000);
    });

    test('has room again for what was taken off, replaced or reaped', async () => {
      for (let round = 0; round < 3; round++) {
        for (let n = 1; n <= 1_000; n++) await roster.report(wide(n, 30_000));
        await roster.remove(holder(1).instanceId);
        expect(await roster.report(wide(2_000, 30_000))).toBe(true);
        expect(await roster.reap(5_000)).toBe(0);
      }
      for (let n = 1; n <= 1_000; n++) expect(await roster.report(wide(1, 30_000))).toBe(true);
    });

    test('keeps of one agent as much as fits into its room', async () => {
      await roster.report(wide(1, 200_000));
      const [kept] = await roster.list();
      expect(JSON.stringify(kept).length).toBeLessThan(32_769);
      expect(kept).toMatchObject({ ...agentRecord(1, 1), tags: expect.arrayContaining([BUFFER]) });
    });
  });
}
