/**
 * Everything that hostile neighbours do, at once and without pause, in a process of its own: with one agent token, as
 * a page in a browser, and on 10,000 connections. Runs until SIGTERM; then it prints the answers that it got, as
 * JSON.
 */
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FAT_BUFFERS, report } from '@leafcutter/shared/fakes/samples';
import { Pool } from 'undici';

const [agentUrl = '', respPort = '', coordinatorUrl = '', token = '', layout = ''] = process.argv.slice(2);
const CROWD = 10_000;
/** How many of the crowd's connections are opened in ten milliseconds. */
const AT_ONCE = 50;
const counts: Record<string, number> = {};
const count = (what: string) => {
  counts[what] = (counts[what] ?? 0) + 1;
};
let over = false;
process.on('SIGTERM', () => {
  over = true;
  process.stdout.write(`${JSON.stringify(counts)}\n`, () => process.exit(0));
});

/** Calls again and again, on this many connections. */
function flood(what: string, callers: number, call: () => Promise<number>): void {
  for (let caller = 0; caller < callers; caller++) {
    void (async () => {
      while (!over) {
        const answer = await call().catch(() => 'no answer' as const);
        count(`${what}: ${answer}`);
        if (answer === 'no answer') await sleep(100);
      }
    })();
  }
}

const coordinator = new Pool(coordinatorUrl, { connections: 16 });
const agent = new Pool(agentUrl, { connections: 32 });

async function post(path: string, body: object): Promise<number> {
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${token}`,
    'leafcutter-wire': '1',
  };
  const answer = await coordinator.request({ method: 'POST', path, headers, body: JSON.stringify(body) });
  await answer.body.dump();
  return answer.statusCode;
}

async function get(path: string): Promise<number> {
  const answer = await agent.request({ method: 'GET', path });
  await answer.body.dump();
  return answer.statusCode;
}

const stranger = () => ({ agentId: 'stranger', instanceId: randomUUID() });
let machineId = 0;
let name = 0;

flood('report', 4, () =>
  post('/v1/agents/report', report({ ...stranger(), timeMs: Date.now(), tags: [...FAT_BUFFERS] })),
);
flood('renewal', 4, () => {
  machineId = (machineId + 1) % 1_024;
  const lease = { ...stranger(), agentTimeMs: Date.now(), layout, to: Date.now(), extend: false };
  return post(`/v1/leases/${machineId}/renew`, lease);
});
flood('unknown tag', 20, () => get(`/v1/ids/nobody-made-${name++}`));
flood('batch', 4, () => get('/v1/ids/batches?count=10000'));

/** A page that posts text to the Redis door, which may hold commands. */
async function page(): Promise<void> {
  while (!over) {
    const socket = open();
    socket.write(
      'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n\r\nINCRBY batches 100\r\n',
    );
    await sleep(100);
    socket.destroy();
    count('page');
  }
}

/** Half a command on each of 10,000 connections; one that is closed is opened again. */
async function crowd(): Promise<void> {
  const held = new Set<Socket>();
  while (!over) {
    for (let n = 0; n < AT_ONCE && held.size < CROWD; n++) {
      const socket = open();
      held.add(socket);
      socket.once('close', () => held.delete(socket));
      socket.write('*2\r\n$4\r\nINCR');
      count('half a command');
    }
    counts['half commands held at most'] = Math.max(counts['half commands held at most'] ?? 0, held.size);
    await sleep(10);
  }
}

/** Sends many commands and never reads the answers. */
async function unread(): Promise<void> {
  while (!over) {
    const sockets = Array.from({ length: 20 }, open);
    for (const socket of sockets) socket.pause().write('INCRBY batches 100\r\n'.repeat(500));
    await sleep(5_000);
    for (const socket of sockets) socket.destroy();
    count('unread');
  }
}

function open(): Socket {
  const socket = connect(Number(respPort), '127.0.0.1');
  socket.on('error', () => undefined);
  return socket;
}

void page();
void crowd();
void unread();
