import { expect, test } from '@jest/globals';
import { type ErrorCode, LeafcutterError } from '@leafcutter/shared/errors';
import { report } from '@leafcutter/shared/fakes/samples';
import type { Coordinator } from '../coordinator.ts';
import { AGENT_ENDPOINTS } from './agents.ts';

/** A report that asks about a tag, to a coordinator whose store answers with an error: who was entered, and the answer. */
async function reportTo(code: ErrorCode) {
  const entered: string[] = [];
  const coordinator = {
    clock: { now: () => 0 },
    roster: {
      report: async ({ agentId }: { agentId: string }) => entered.push(agentId) > 0,
    },
    deploymentId: 'd1',
    paces: { check: () => undefined },
    access: { opened: (_request: unknown, names: readonly string[]) => names },
    watch: { nextReportMs: async () => 1_000 },
    store: {
      findTags: async () => {
        throw new LeafcutterError(code, 'No.');
      },
    },
  } as unknown as Coordinator;
  let body = '';
  const response = {
    setHeader: () => undefined,
    end: (text: string) => {
      body = text;
    },
  };
  const asked = { url: '/v1/agents/report', query: {}, params: {}, body: report({ names: ['orders'] }) };
  const [endpoint] = AGENT_ENDPOINTS;
  await endpoint?.handle({ coordinator } as never, asked as never, response as never);
  return { entered, answer: JSON.parse(body) as unknown };
}

test('a report counts while the store is away: the agent goes on reporting as often as it should', async () => {
  expect(await reportTo('STORE_UNAVAILABLE')).toMatchObject({
    entered: ['agent-1'],
    answer: { gone: [], nextReportMs: 1_000 },
  });
});

test('another error of the store is told', async () => {
  await expect(reportTo('INTERNAL')).rejects.toMatchObject({ code: 'INTERNAL' });
});
