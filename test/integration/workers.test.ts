import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { WholeAgentStatus } from '@leafcutter/shared/whole-status';
import { Agent, request } from 'undici';
import { KeepAlive } from '../support/keep-alive.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { leafcutter } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

let coordinator: Service;
let agent: Service;
const drawn: bigint[] = [];

beforeAll(async () => {
  coordinator = await Service.start({
    kind: 'coordinator',
    name: 'workers',
    flags: ['--data-dir', await scratchDir('workers'), '--auto-create-tags'],
  });
  agent = await Service.start({
    kind: 'agent',
    name: 'several',
    flags: [
      '--coordinators',
      coordinator.url,
      '--workers',
      '2',
      '--snowflake-enabled',
      '--report-interval-ms',
      '200',
    ],
  });
});

afterAll(async () => {
  await agent?.stop();
  await coordinator?.stop();
});

/** Draws over a connection of its own, kept alive, so that all come from one worker; a lost connection ends it. */
async function drawOver(count: number, tag = 'shared'): Promise<bigint[]> {
  const dispatcher = new Agent({ connections: 1, pipelining: 1 });
  const ids: bigint[] = [];
  try {
    for (let n = 0; n < count; n++) {
      const { body } = await request(`${agent.url}/v1/ids/${tag}`, { dispatcher });
      ids.push(BigInt(await body.text()));
    }
  } catch {
    // Its worker was killed.
  } finally {
    await dispatcher.destroy();
  }
  return ids;
}

interface AgentId {
  readonly agentId: string;
  readonly instanceId: string;
}

const status = () => agent.json<WholeAgentStatus>('/v1/status');
const workersOf = async () =>
  (await status()).workers?.map(({ agentId, instanceId }) => ({ agentId, instanceId })) ?? [];

/** A worker that starts later, or is slow to tell, is left out of an answer; this one is whole. */
async function bothWorkers() {
  const both = await poll(async () => {
    const workers = await workersOf();
    return workers.length === 2 && workers;
  });
  if (both === undefined) throw new Error('two workers never answered together');
  return both;
}

const pids = () =>
  readFileSync(`/proc/${agent.process.pid}/task/${agent.process.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .map(Number);

test('each worker is an agent of its own behind one port', async () => {
  const workers = await bothWorkers();
  expect(workers.map(({ agentId }) => agentId)).toEqual(['several-w1', 'several-w2']);
  expect(new Set(workers.map(({ instanceId }) => instanceId)).size).toBe(2);
  const known = async () => {
    const { agents } = await coordinator.json<{ agents: AgentId[] }>('/v1/agents');
    const isListed = ({ agentId, instanceId }: AgentId) =>
      agents.some((listed) => listed.agentId === agentId && listed.instanceId === instanceId);
    return agents.every(({ agentId }) => /^several-w[12]$/.test(agentId)) && workers.every(isListed);
  };
  expect(await poll(known)).toBe(true);
});

test('IDs repeat nowhere and rise on each connection', async () => {
  const connections = await Promise.all(Array.from({ length: 40 }, () => drawOver(100)));
  for (const ids of connections) {
    expect(ids).toHaveLength(100);
    expect(ids).toEqual(ids.toSorted((a, b) => (a < b ? -1 : 1)));
  }
  drawn.push(...connections.flat());
  expect(new Set(drawn).size).toBe(drawn.length);
});

test('metrics and status are whole, whichever worker answers', async () => {
  const counted = (await Promise.all(Array.from({ length: 40 }, () => drawOver(10, 'counted')))).flat();
  const total = async () => {
    const text = await (await fetch(`${agent.url}/metrics`, { headers: { connection: 'close' } })).text();
    const lines = text
      .split('\n')
      .filter((line) => line.startsWith('leafcutter_agent_ids_issued_total{tag="counted"'));
    const workers = lines.map((line) => /worker="(\d)"/.exec(line)?.[1]).toSorted();
    const sum = lines.reduce((all, line) => all + Number(line.split(' ').at(-1)), 0);
    return workers.join() === '1,2' && sum === counted.length && (await workersOf()).length === 2;
  };
  // On a busy machine a worker may be too slow to tell once, but not ten times in a row.
  for (let n = 0; n < 10; n++) expect(await poll(total)).toBe(true);
});

test('a killed worker is replaced by one with an instance of its own, and no ID comes twice', async () => {
  const before = await bothWorkers();
  const [victim = -1] = pids();
  const drawing = Promise.all(Array.from({ length: 20 }, () => drawOver(2_000)));
  process.kill(victim, 'SIGKILL');
  drawn.push(...(await drawing).flat());
  const replaced = async () => {
    const now = await workersOf();
    const fresh = now.filter(({ instanceId }) => before.every((old) => old.instanceId !== instanceId));
    return now.length === 2 && fresh.length === 1;
  };
  expect(await poll(replaced)).toBe(true);
  drawn.push(...(await Promise.all(Array.from({ length: 20 }, () => drawOver(100)))).flat());
  expect(new Set(drawn).size).toBe(drawn.length);
});

test('a worker that stands still leaves the others serving, and is replaced', async () => {
  const before = await bothWorkers();
  // The system shares connections out among the workers, and a stopped one still gets new ones. So they are opened
  // before; each worker gets some of so many.
  const connections = await Promise.all(Array.from({ length: 40 }, () => KeepAlive.open(agent.url)));
  await Promise.all(connections.map((connection) => connection.get('/livez')));
  const [stopped = -1] = pids();
  process.kill(stopped, 'SIGSTOP');
  // Those to the stopped one stay silent until it is killed.
  const asked = connections.map((connection) => connection.get('/v1/ids/shared'));
  await Promise.any(asked);
  expect(await poll(() => !pids().includes(stopped))).toBe(true);
  const answers = await Promise.allSettled(asked);
  drawn.push(...answers.flatMap((it) => (it.status === 'fulfilled' ? [BigInt(it.value.body)] : [])));
  for (const connection of connections) connection.close();
  const replaced = async () => {
    const now = await workersOf();
    return (
      now.length === 2 && now.some(({ instanceId }) => before.every((old) => old.instanceId !== instanceId))
    );
  };
  expect(await poll(replaced)).toBe(true);
  expect(agent.process.tail()).toContain('a worker stands still');
  const each = await Promise.all(Array.from({ length: 40 }, () => drawOver(5)));
  expect(each.map((ids) => ids.length)).toEqual(each.map(() => 5));
  drawn.push(...each.flat());
  expect(new Set(drawn).size).toBe(drawn.length);
});

test('all stop when the service is asked to', async () => {
  const children = pids();
  expect(children).toHaveLength(2);
  await agent.stop();
  expect(await agent.process.exited).toEqual({ code: 0, signal: null });
  for (const pid of children) expect(() => process.kill(pid, 0)).toThrow();
  await agent.restart();
});

test('a port that is taken is told, although workers could share it', async () => {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port, reusePort: true }, resolve));
  const second = leafcutter([
    'agent',
    '--listen',
    `127.0.0.1:${port}`,
    '--workers',
    '2',
    '--coordinators',
    coordinator.url,
  ]);
  expect((await second.exited).code).toBe(1);
  expect(second.tail()).toContain(`Port ${port} on 127.0.0.1 is in use`);
  server.close();
});

test('ports that the system would choose are refused', async () => {
  const refused = leafcutter(['agent', '--listen', '127.0.0.1:0', '--workers', '2']);
  expect((await refused.exited).code).toBe(78);
  expect(refused.tail()).toContain('workers');
});
