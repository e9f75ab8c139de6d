import { expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { bufferView } from '@leafcutter/shared/fakes/samples';
import { agentRecord } from '../../fakes/samples.ts';
import { ReportIntake } from './report-intake.ts';
import type { AgentReport, Entering } from './roster.ts';

/** A roster that answers when it is told to, with reports of so many tags each. */
function held(tags = 0) {
  const calls: (readonly AgentReport[])[] = [];
  const answers: { resolve(): void; reject(error: Error): void }[] = [];
  const clock = new FakeClock();
  const intake = new ReportIntake(
    {
      report(reports) {
        calls.push(reports);
        return new Promise<Entering[]>((resolve, reject) => {
          answers.push({ resolve: () => resolve(reports.map(() => 'entered')), reject });
        });
      },
    },
    clock,
  );
  const buffers = Array.from({ length: tags }, (_, n) => bufferView(`tag-${n}`));
  const enter = (count: number) =>
    Array.from({ length: count }, (_, n) =>
      intake.enter(agentRecord(n, 0, buffers)).catch((error: Error) => error),
    );
  return { calls, answers, clock, enter };
}

/** Lets what was answered arrive. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test.each([
  ['50', 0, [1, 50, 13]],
  ['those of 500 tags', 100, [1, ...Array.from({ length: 12 }, () => 5), 3]],
])('reports that come during a call go into the next one, %s at most', async (_, tags, lengths) => {
  const { calls, answers, clock, enter } = held(tags);
  const entered = Promise.all(enter(64));
  for (let at = 0; at < lengths.length; at++) {
    answers[at]?.resolve();
    await clock.advance(10);
  }
  expect(new Set(await entered)).toEqual(new Set(['entered']));
  expect(calls.map(({ length }) => length)).toEqual(lengths);
});

test('after a call reports gather for a moment, unless as many wait as one call takes', async () => {
  const { calls, answers, clock, enter } = held();
  const [first] = enter(1);
  answers[0]?.resolve();
  expect(await first).toBe('entered');
  enter(1);
  await clock.advance(9);
  expect(calls).toHaveLength(1);
  enter(60);
  await clock.advance(1);
  expect(calls[1]).toHaveLength(50);
  enter(40);
  answers[1]?.resolve();
  await settled();
  expect(calls[2]).toHaveLength(50);
});

test('more than may wait are dropped, and there is room again later', async () => {
  const { answers, clock, enter } = held();
  const first = enter(2_001);
  expect(await Promise.all(enter(2))).toEqual(['busy', 'busy']);
  answers[0]?.resolve();
  expect(await first[0]).toBe('entered');
  await clock.advance(10);
  expect(await Promise.race([...enter(1), settled().then(() => 'waits')])).toBe('waits');
});

test('a roster that does not answer fails those that wait, too, and is asked again by the next', async () => {
  const { calls, answers, clock, enter } = held();
  const all = enter(100);
  answers[0]?.reject(new Error('away'));
  expect(new Set((await Promise.all(all)).map(String))).toEqual(new Set(['Error: away']));
  const [next] = enter(1);
  await clock.advance(10);
  answers[1]?.resolve();
  expect([await next, calls.length]).toEqual(['entered', 2]);
});
