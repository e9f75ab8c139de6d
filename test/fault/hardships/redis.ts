import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { startRedis } from '../../support/redis-server.ts';
import type { Hardship } from './hardship.ts';
import { limit, NO_MORE_FILES } from './limits.ts';
import type { StoresBench } from './stores-bench.ts';

/** Sets what a running Redis lets be set, and has the coordinator connect anew. */
function settings(values: Readonly<Record<string, string>>): Hardship<StoresBench> {
  const name = Object.entries(values).map(([setting, value]) => `\`${setting} ${value}\``);
  return {
    name: `Redis: ${name.join(', ')}`,
    async begin({ arena, place }) {
      const lift = await configure(arena.operator.redis, values);
      place.redis.resetAll();
      return lift;
    },
  };
}

async function configure(
  operator: Redis,
  values: Readonly<Record<string, string>>,
): Promise<() => Promise<void>> {
  const before: Record<string, string> = {};
  const set = async (to: Readonly<Record<string, string>>) => {
    for (const [setting, value] of Object.entries(to)) await operator.config('SET', setting, value);
  };
  for (const setting of Object.keys(values)) {
    const found = await operator.config('GET', setting);
    before[setting] = String(Object.values(Object(found)).at(-1));
  }
  await set(values);
  return () => set(before);
}

/** Runs a command of an operator's again and again. */
function again(
  name: string,
  everyMs: number,
  command: (operator: Redis) => Promise<unknown>,
): Hardship<StoresBench> {
  return {
    name: `Redis: ${name}`,
    async begin({ arena: { operator } }) {
      let isOver = false;
      const running = (async () => {
        for (; !isOver; await sleep(everyMs)) await command(operator.redis).catch(() => undefined);
      })();
      return () => {
        isOver = true;
        return running;
      };
    },
  };
}

/** The name of Redis leads to another one. The old one comes back as one that lost its data: two cannot both be right. */
function elsewhere(what: string, args: readonly string[] = [], lastsMs = 4_000): Hardship<StoresBench> {
  return {
    name: `Redis: its name leads to another server, ${what}`,
    lastsMs,
    async begin({ arena, place }) {
      const other = await startRedis({ args });
      place.redis.leadTo({ host: '127.0.0.1', port: other.port });
      return async () => {
        await arena.operator.redis.flushall();
        place.redis.leadTo({ host: '127.0.0.1', port: arena.redis.port });
        await other.dispose();
      };
    },
  };
}

export const REDIS_HARDSHIPS: readonly Hardship<StoresBench>[] = [
  settings({ timeout: '1', 'tcp-keepalive': '1' }),
  settings({ 'lua-time-limit': '1', 'client-query-buffer-limit': '1mb', 'proto-max-bulk-len': '1mb' }),
  settings({ 'client-output-buffer-limit': 'normal 1024 512 1' }),
  settings({ 'min-replicas-to-write': '1' }),
  settings({ maxmemory: '1', 'maxmemory-policy': 'noeviction' }),
  settings({ maxmemory: '1', 'maxmemory-policy': 'allkeys-random' }),
  settings({ requirepass: 'a-new-one' }),
  settings({ 'maxmemory-clients': '1' }),
  settings({
    'hash-max-listpack-entries': '0',
    'zset-max-listpack-entries': '0',
    'set-max-intset-entries': '0',
    'list-max-listpack-size': '1',
    'stream-node-max-entries': '1',
  }),
  settings({
    'notify-keyspace-events': 'KEA',
    'slowlog-log-slower-than': '0',
    'lazyfree-lazy-user-del': 'yes',
    'active-expire-effort': '10',
  }),
  settings({ appendonly: 'yes', appendfsync: 'always', 'aof-use-rdb-preamble': 'no' }),
  {
    name: 'Redis: `maxclients` reached',
    async begin({ arena, place }) {
      const sockets: Socket[] = [];
      const lift = await configure(arena.operator.redis, { maxclients: '30' });
      place.redis.resetAll();
      for (let number = 0; number < 30; number++) {
        const socket = connect(arena.redis.port, '127.0.0.1');
        socket.on('error', () => undefined);
        sockets.push(socket);
        await once(socket, 'connect');
      }
      return async () => {
        for (const socket of sockets) socket.destroy();
        await lift();
      };
    },
  },
  {
    name: 'Redis: `REPLICAOF` a server that is not there',
    async begin({ arena: { operator } }) {
      await operator.redis.replicaof('127.0.0.1', 1);
      return () => operator.redis.replicaof('NO', 'ONE');
    },
  },
  {
    name: 'Redis: its user may run no scripts (`-@scripting`)',
    async begin({ arena: { operator } }) {
      await operator.redis.call('ACL', 'SETUSER', 'default', '-@scripting');
      return () => operator.redis.call('ACL', 'SETUSER', 'default', '+@all');
    },
  },
  {
    name: 'Redis: its disk is full (`MISCONF`)',
    async begin({ arena: { redis, operator } }) {
      const allow = await limit(redis.pid, 'fsize', 1);
      const lift = await configure(operator.redis, { save: '1 1', 'stop-writes-on-bgsave-error': 'yes' });
      return async () => {
        await lift();
        await allow();
      };
    },
    lastsMs: 8_000,
  },
  {
    name: 'Redis: no further connection (`ulimit -n`)',
    async begin({ arena: { redis }, place }) {
      const lift = await limit(redis.pid, 'nofile', NO_MORE_FILES);
      place.redis.resetAll();
      return lift;
    },
  },
  {
    name: 'Redis: `CLIENT PAUSE` for all writes',
    async begin({ arena: { operator } }) {
      await operator.redis.client('PAUSE', 60_000, 'WRITE');
      return () => operator.redis.client('UNPAUSE');
    },
  },
  {
    name: 'Redis: a script of somebody else does not end (`BUSY`)',
    async begin({ arena: { operator, redis } }) {
      const operatorOfItsOwn = operator.redis.duplicate();
      await operator.redis.config('SET', 'lua-time-limit', '100');
      const runs = operatorOfItsOwn.eval('while true do end', 0).catch(() => redis.running);
      return async () => {
        await operator.redis.call('SCRIPT', 'KILL');
        await runs;
        operatorOfItsOwn.disconnect();
        await operator.redis.config('SET', 'lua-time-limit', '5000');
      };
    },
  },
  {
    name: 'Redis: stands still (SIGSTOP)',
    lastsMs: 8_000,
    async begin({ arena: { redis } }) {
      await redis.pause();
      return () => redis.resume();
    },
  },
  again('`FLUSHALL` every 300 ms', 300, (operator) => operator.flushall()),
  again('`SCRIPT FLUSH` every 50 ms', 50, (operator) => operator.script('FLUSH')),
  again('`CLIENT KILL TYPE normal` every 50 ms', 50, (operator) =>
    operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
  ),
  // Long enough for it to be taken over and swept.
  elsewhere('which is empty', [], 25_000),
  elsewhere('whose `EVALSHA` is renamed away', ['--rename-command', 'EVALSHA', '']),
  elsewhere('a node of a cluster without slots', ['--cluster-enabled', 'yes']),
  {
    name: 'Redis: each answer takes 0.8 s',
    async begin({ place }) {
      place.redis.delay(800);
      return async () => place.redis.delay(0);
    },
  },
];
