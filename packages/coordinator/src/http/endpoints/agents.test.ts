import { expect, test } from '@jest/globals';
import { type ErrorCode, LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { report } from '@leafcutter/shared/fakes/samples';
import { ReportIntake } from '../../domain/fleet/report-intake.ts';
import type { AgentReport } from '../../domain/fleet/roster.ts';
import type { Coordinator } from '../coordinator.ts';
import { AGENT_ENDPOINTS } from './agents.ts';

/** A report that asks about a tag, to a coordinator whose store answers with an error: who is entered, and the answer. */
async function reportTo(code: ErrorCode) {
  const entered: string[] = [];
  const coordinator = {
    clock: { now: () => 0 },
    intake: new ReportIntake(
      {
        report: async (reports: readonly AgentReport[]) => {
          entered.push(...reports.map(({ agentId }) => agentId));
          return reports.map(() => 'entered' as const);
        },
      },
      new FakeClock(),
    ),
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
  return { entered, answer: answered.then(() => JSON.parse(sent) as unknown) };
}

test('a report counts while the store is away: the agent goes on reporting as often as it should', async () => {
  const { entered, answer } = await reportTo('STORE_UNAVAILABLE');
  expect(await answer).toMatchObject({ gone: [], nextReportMs: 1_000 });
  expect(entered).toEqual(['agent-1']);
});

test('another error of the store is told', async () => {
  const { answer } = await reportTo('INTERNAL');
  await expect(answer).rejects.toMatchObject({ code: 'INTERNAL' });
});
