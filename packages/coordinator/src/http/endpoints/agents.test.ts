import { expect, test } from '@jest/globals';
import { type ErrorCode, LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { report } from '@leafcutter/shared/fakes/samples';
import { ReportIntake } from '../../domain/fleet/report-intake.ts';
import { MemoryRoster } from '../../stores/memory/roster.ts';
import type { Coordinator } from '../coordinator.ts';
import { AGENT_ENDPOINTS } from './agents.ts';

/** A report that asks about a tag, to a coordinator whose store answers with an error. */
async function reportTo(code: ErrorCode) {
  const clock = new FakeClock();
  const roster = new MemoryRoster(clock, 1_000_000);
  const coordinator = {
    clock,
    intake: new ReportIntake(roster),
    deploymentId: 'd1',
    paces: { check: () => undefined },
    access: { opened: (_request: unknown, names: readonly string[]) => names },
    watch: { nextReportMs: async () => 1_000 },
    served: {
      goneOf: async () => {
        throw new LeafcutterError(code, 'No.');
      },
    },
  } as unknown as Coordinator;
  const [endpoint] = AGENT_ENDPOINTS;
  let sent = '';
  const response = { setHeader: () => undefined, end: (body: string) => (sent = body) };
  const asked = { body: report({ names: ['orders'] }) };
  const answered = Promise.resolve(
    endpoint?.handle({ coordinator } as never, asked as never, response as never),
  );
  return { roster, answer: answered.then(() => JSON.parse(sent) as unknown) };
}

test('a report counts while the store is away: the agent goes on reporting as often as it should', async () => {
  const { roster, answer } = await reportTo('STORE_UNAVAILABLE');
  expect(await answer).toMatchObject({ gone: [], nextReportMs: 1_000 });
  expect((await roster.counts(0)).alive).toBe(1);
});

test('another error of the store is told', async () => {
  const { answer } = await reportTo('INTERNAL');
  await expect(answer).rejects.toMatchObject({ code: 'INTERNAL' });
});
