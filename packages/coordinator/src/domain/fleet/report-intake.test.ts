import { expect, test } from '@jest/globals';
import { agentRecord } from '../../fakes/samples.ts';
import { ReportIntake } from './report-intake.ts';
import type { AgentReport, Entering } from './roster.ts';

/** A roster that answers when it is told to. */
function held() {
  const calls: (readonly AgentReport[])[] = [];
  const answers: { resolve(): void; reject(error: Error): void }[] = [];
  const intake = new ReportIntake({
    report(reports) {
      calls.push(reports);
      return new Promise<Entering[]>((resolve, reject) => {
        answers.push({ resolve: () => resolve(reports.map(() => 'entered')), reject });
      });
    },
  });
  const enter = (count: number) =>
    Array.from({ length: count }, (_, n) => intake.enter(agentRecord(n, 0)).catch((error: Error) => error));
  return { calls, answers, enter };
}

/** Lets what was answered arrive. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('reports that come during a call go into the next one, ten at most', async () => {
  const { calls, answers, enter } = held();
  const entered = Promise.all(enter(14));
  for (let at = 0; at < 3; at++) {
    await settled();
    answers[at]?.resolve();
  }
  expect(new Set(await entered)).toEqual(new Set(['entered']));
  expect(calls.map(({ length }) => length)).toEqual([1, 10, 3]);
});

test('more than may wait are dropped, and there is room again later', async () => {
  const { answers, enter } = held();
  const first = enter(2_001);
  expect(await Promise.all(enter(2))).toEqual(['busy', 'busy']);
  answers[0]?.resolve();
  expect(await first[0]).toBe('entered');
  await settled();
  expect(await Promise.race([...enter(1), settled().then(() => 'waits')])).toBe('waits');
});

test('a roster that does not answer fails those that wait, too, and is asked again by the next', async () => {
  const { calls, answers, enter } = held();
  const all = enter(100);
  answers[0]?.reject(new Error('away'));
  expect(new Set((await Promise.all(all)).map(String))).toEqual(new Set(['Error: away']));
  const [next] = enter(1);
  answers[1]?.resolve();
  expect([await next, calls.length]).toEqual(['entered', 2]);
});
