import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CoordinatorClient } from '@leafcutter/agent/coordinators/client';
import { CoordinatorEndpoint } from '@leafcutter/agent/coordinators/endpoint';
import { ClockWatch } from '@leafcutter/agent/domain/snowflake/clock-watch';
import { LAYOUT } from '@leafcutter/agent/fakes/samples';
import { systemClock } from '@leafcutter/shared/system-clock';
import { CALL_HEADER } from '@leafcutter/shared/wire-version';
import { PATIENCE_MS } from '../support/patience.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

let coordinator: Service;

beforeAll(async () => {
  const flags = ['--data-dir', join(await scratchDir('swapped-answers'), 'data')];
  coordinator = await Service.start({ kind: 'coordinator', name: 'coordinator', flags });
});

afterAll(() => coordinator.stop());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A proxy that lost step: while `swaps`, it waits for two calls, and gives each the other's answer. */
async function proxy({ namesCalls }: { readonly namesCalls: boolean }) {
  const state = { swaps: false };
  let first:
    | { readonly own: Promise<Answer>; readonly others: (answer: Promise<Answer>) => void }
    | undefined;
  const server = createServer(async (incoming, response) => {
    let answer = passOn(incoming, await text(incoming));
    if (state.swaps && first === undefined) {
      const { promise, resolve } = Promise.withResolvers<Answer>();
      first = { own: answer, others: resolve };
      answer = promise;
    } else if (first !== undefined) {
      first.others(answer);
      answer = first.own;
      first = undefined;
    }
    const { status, headers, body } = await answer;
    const { [CALL_HEADER]: name, ...others } = headers;
    response.writeHead(status, {
      ...others,
      ...(namesCalls && name !== undefined && { [CALL_HEADER]: name }),
    });
    response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    [Symbol.asyncDispose]: close,
  };
}

async function passOn({ url = '', method = '', headers }: IncomingMessage, body: string): Promise<Answer> {
  const { connection: _, host: __, ...others } = headers;
  const call = request(coordinator.url + url, { method, headers: others });
  call.end(body);
  const [answer] = (await once(call, 'response')) as [IncomingMessage];
  const { 'transfer-encoding': ___, connection: ____, ...said } = answer.headers;
  return { status: answer.statusCode ?? 0, headers: said, body: await text(answer) };
}

function agentAt(url: string, agentId: string): CoordinatorClient {
  return new CoordinatorClient({
    endpoints: [
      new CoordinatorEndpoint(url, { token: undefined, timeoutMs: PATIENCE_MS, clock: systemClock }),
    ],
    identity: { agentId, instanceId: randomUUID() },
    layout: LAYOUT,
    clock: systemClock,
    watch: new ClockWatch(systemClock, 2_000),
    random: () => 0,
  });
}

/** Two agents extend their windows at once, one of them for the second time, so that it's given more, and get each other's answers. */
async function extendSwapped({ namesCalls }: { readonly namesCalls: boolean }) {
  await using between = await proxy({ namesCalls });
  const agents = [agentAt(between.url, 'a'), agentAt(between.url, 'b')] as const;
  const [a, b] = agents;
  const [leaseOfA, leaseOfB] = [await a.grant(), await b.grant()];
  const longer = { ...leaseOfA, to: await a.renew(leaseOfA, true) };
  between.state.swaps = true;
  const outcomes = await Promise.allSettled([a.renew(longer, true), b.renew(leaseOfB, true)]);
  between.state.swaps = false;
  const { ceilingMs } = await coordinator.json<{ ceilingMs: number }>(`/v1/leases/${leaseOfB.machineId}`);
  const again = await b.grant();
  for (const agent of agents) await agent.close();
  const held = outcomes.map((outcome) =>
    outcome.status === 'fulfilled' ? outcome.value : outcome.reason.code,
  );
  return { held, ceilingOfB: ceilingMs, again };
}

test('an agent takes no other agent’s answer for its own: its window would reach where nobody granted it', async () => {
  const { held, again } = await extendSwapped({ namesCalls: true });
  expect(held).toEqual(['COORDINATOR_UNAVAILABLE', 'COORDINATOR_UNAVAILABLE']);
  expect(again.machineId).toBeGreaterThanOrEqual(0);
});

test('NEGATIVE CONTROL: if answers do not say whose they are, it does', async () => {
  const { held, ceilingOfB } = await extendSwapped({ namesCalls: false });
  expect(held[1]).toBeGreaterThan(ceilingOfB);
});
