import { describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { DEADLINE_MS, Deadlines, type Debt, SWEEP_MS } from './deadlines.ts';

const DEBTS = Object.keys(DEADLINE_MS) as Debt[];

/** A door with one connection, whose debt the test sets. */
function holding(debt: Debt | undefined) {
  const clock = new FakeClock();
  const overdue: Debt[] = [];
  const debtor = {
    debt,
    finished: 0,
    cuts: 0,
    owes: () => debtor.debt,
    cut() {
      debtor.cuts += 1;
    },
  };
  const here = new Set([debtor]);
  const deadlines = new Deadlines(clock, here, (what) => overdue.push(what));
  deadlines.start();
  return { clock, deadlines, debtor, here, overdue };
}

describe('the deadlines of a door', () => {
  test.each(DEBTS)('end a connection that owes its %s past the deadline, not before', async (debt) => {
    const { clock, debtor, overdue } = holding(debt);
    await clock.advance(DEADLINE_MS[debt]);
    expect([debtor.cuts, overdue]).toEqual([0, []]);
    await clock.advance(SWEEP_MS);
    expect([debtor.cuts, overdue]).toEqual([1, [debt]]);
  });

  test('leave in peace who owes nothing', async () => {
    const { clock, debtor } = holding(undefined);
    await clock.advance(10 * DEADLINE_MS.command);
    expect(debtor.cuts).toBe(0);
  });

  test.each(DEBTS.filter((debt) => debt !== 'token'))(
    'begin anew for the %s of a client that has finished something',
    async (debt) => {
      const { clock, debtor } = holding(debt);
      for (let round = 0; round < 5; round++) {
        await clock.advance(DEADLINE_MS[debt]);
        debtor.finished += 1;
      }
      expect(debtor.cuts).toBe(0);
    },
  );

  test('do not begin anew for a token: commands without one bring no time', async () => {
    const { clock, debtor, overdue } = holding('token');
    for (let second = 0; second < 11; second++) {
      debtor.finished += 1;
      await clock.advance(SWEEP_MS);
    }
    expect(overdue).toEqual(['token']);
  });

  test('begin anew when something else is owed', async () => {
    const { clock, debtor } = holding('command');
    await clock.advance(DEADLINE_MS.command);
    debtor.debt = 'answers';
    await clock.advance(DEADLINE_MS.answers);
    expect(debtor.cuts).toBe(0);
  });

  test('do not hold a sleep of the process against its clients', async () => {
    const { clock, debtor } = holding('command');
    await clock.advance(SWEEP_MS);
    // After a sleep of any length, its timers fire once.
    clock.jump(3_600_000);
    await clock.advance(SWEEP_MS);
    expect(debtor.cuts).toBe(0);
  });

  test('set one timer for all, and none once stopped', async () => {
    const { clock, deadlines, debtor, here } = holding('command');
    for (let n = 0; n < 100; n++) here.add({ ...debtor });
    await clock.advance(5 * SWEEP_MS);
    expect(clock.pending).toBe(1);
    deadlines.stop();
    expect(clock.pending).toBe(0);
  });
});
