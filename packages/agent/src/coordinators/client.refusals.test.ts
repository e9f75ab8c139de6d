import { afterEach, expect, test } from '@jest/globals';
import type { ErrorCode, LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { ClockWatch } from '../domain/snowflake/clock-watch.ts';
import {
  CoordinatorServer,
  problem,
  type Received,
  type ScriptedAnswer,
  serving,
} from '../fakes/coordinator-server.ts';
import { LAYOUT } from '../fakes/samples.ts';
import { CoordinatorClient } from './client.ts';
import { CoordinatorEndpoint } from './endpoint.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** What an agent's callers hear if its coordinators answer like this, in the order in which they are asked. */
async function hear(...answers: ((request: Received) => ScriptedAnswer)[]): Promise<string> {
  const servers = await Promise.all(answers.map((answer) => CoordinatorServer.start(answer)));
  const clock = new FakeClock();
  const client = new CoordinatorClient({
    endpoints: servers.map(
      ({ url }) => new CoordinatorEndpoint(url, { token: 'a', timeoutMs: 2_000, clock }),
    ),
    identity: { agentId: 'agent-1', instanceId: '11111111-1111-4111-8111-111111111111' },
    layout: LAYOUT,
    clock,
    watch: new ClockWatch(clock, 2_000),
    random: () => 0,
  });
  closing.push(() => client.close(), ...servers.map((server) => () => server.close()));
  return client.fetchSegment('orders', { ratePerSecond: 1, waitingIds: 1, blockIds: 0 }).then(
    () => 'served',
    ({ code, reason }: LeafcutterError) => `${code} ${reason}`,
  );
}

const refusing = (code: ErrorCode, reason: string) => () => problem(code, reason);
const wrongToken = refusing('UNAUTHORIZED', 'wrong_token');
const nonsense = (): ScriptedAnswer => ({ status: 500, body: 'a proxy' });

test('a coordinator that refuses the agent’s token is passed over: they learn of a new one one after the other', async () => {
  expect(await hear(wrongToken, serving())).toBe('served');
});

test('an agent that is refused itself does not tell its callers that they are', async () => {
  expect(await hear(wrongToken)).toBe('COORDINATOR_UNAVAILABLE agent_token');
  expect(await hear(refusing('FORBIDDEN', 'tag_scope'))).toBe('FORBIDDEN agent_scope');
});

test('that its token is refused tells more than that another coordinator is silent', async () => {
  expect(await hear(wrongToken, nonsense)).toBe('COORDINATOR_UNAVAILABLE agent_token');
  expect(await hear(nonsense, wrongToken)).toBe('COORDINATOR_UNAVAILABLE agent_token');
});

test('other reasons to be forbidden stay what they are', async () => {
  expect(await hear(refusing('FORBIDDEN', 'foreign_host'))).toBe('FORBIDDEN foreign_host');
});

test('a coordinator that does not know the request is of an earlier release, and is passed over', async () => {
  expect(await hear(refusing('NOT_FOUND', 'address'), serving())).toBe('served');
  expect(await hear(refusing('NOT_FOUND', 'address'))).toBe('VERSION_UNSUPPORTED unknown_request');
});
