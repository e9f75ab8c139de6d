import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../support/service.ts';
import type { Hardship } from './hardship.ts';
import { limit, openFiles } from './limits.ts';
import type { StoresBench } from './stores-bench.ts';

const STRANGERS = 100;
const HOUR_S = 3_600;

/** A service may open nothing more, while strangers come in and `renew` makes it connect anew. */
async function withoutFiles({ process, url }: Service, renew: () => void): Promise<() => Promise<void>> {
  const lift = await limit(process.pid, 'nofile', openFiles(process.pid));
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  for (let number = 0; number < STRANGERS; number++) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    sockets.push(socket);
  }
  renew();
  return async () => {
    for (const socket of sockets) socket.destroy();
    await lift();
  };
}

/** A process that gets its turns only now and then, as under a quota of CPU time. */
async function stuttering({ process }: Service): Promise<() => Promise<void>> {
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      await process.pause();
      await sleep(400);
      await process.resume();
      await sleep(100);
    }
  })();
  return () => {
    isOver = true;
    return running;
  };
}

function clock(name: string, offsetS: number): Hardship<StoresBench> {
  return {
    name: `the agent's clock: ${name}`,
    async begin({ arena }) {
      for (const place of arena.agents) place.clock?.set(offsetS);
      return async () => {
        for (const place of arena.agents) place.clock?.set(0);
      };
    },
  };
}

/** What the machine gives no more, and what it does to time. */
export const MACHINE_HARDSHIPS: readonly Hardship<StoresBench>[] = [
  {
    name: 'coordinator: no further file or connection (`ulimit -n`), 100 strangers at its door',
    begin: ({ coordinator, place }) =>
      withoutFiles(coordinator, () => {
        place.mysql.resetAll();
        place.redis.resetAll();
      }),
  },
  {
    name: 'agent: no further file or connection (`ulimit -n`), 100 strangers at its door',
    begin: ({ agent, arena }) =>
      withoutFiles(agent, () => {
        for (const line of arena.agents.flatMap(({ lines }) => lines)) line.resetAll();
      }),
  },
  { name: 'coordinator: runs for 100 ms of 500', begin: ({ coordinator }) => stuttering(coordinator) },
  { name: 'agent: runs for 100 ms of 500', begin: ({ agent }) => stuttering(agent) },
  {
    name: 'agent: 40 clients read nothing of what they ask for',
    async begin({ agent }) {
      const { hostname, port } = new URL(agent.url);
      const request = 'GET /v1/ids/hot?count=100 HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(20);
      const sockets = Array.from({ length: 40 }, () => {
        const socket = connect(Number(port), hostname);
        socket.on('error', () => undefined);
        socket.pause();
        socket.write(request);
        return socket;
      });
      return async () => {
        for (const socket of sockets) socket.destroy();
      };
    },
  },
  {
    name: 'coordinator: 60 clients send half a request each',
    async begin({ coordinator }) {
      const { hostname, port } = new URL(coordinator.url);
      const sockets = Array.from({ length: 60 }, () => {
        const socket = connect(Number(port), hostname);
        socket.on('error', () => undefined);
        socket.write('POST /v1/tags HTTP/1.1\r\ncontent-length: 100\r\n');
        return socket;
      });
      return async () => {
        for (const socket of sockets) socket.destroy();
      };
    },
  },
  clock('an hour ahead', HOUR_S),
  clock('an hour behind', -HOUR_S),
];
