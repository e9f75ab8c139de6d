import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findBinary } from './find-binary.ts';
import { NativeServer } from './native-server.ts';
import { poll } from './poll.ts';
import { freePort } from './ports.ts';
import { answersPing } from './redis-ping.ts';
import { type RedisServer, startRedis } from './redis-server.ts';
import { scratchDir } from './scratch-dir.ts';

export const MASTER_NAME = 'leafcutter-redis';
const SENTINELS = 3;
/** A majority of them. */
const QUORUM = 2;
const DOWN_AFTER_MS = 1_000;

/** A master with a replica, watched by three Sentinels. */
export interface SentinelSetup extends AsyncDisposable {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  /** For `redis.url`. */
  readonly url: string;
  /** For `redis.sentinels`. */
  readonly sentinels: string;
  /** Asks a Sentinel. */
  command(...words: readonly [string, ...string[]]): Promise<unknown>;
}

/** Starts them, and waits until the Sentinels know each other and the replica. */
export async function startSentinels(): Promise<SentinelSetup> {
  await using starting = new AsyncDisposableStack();
  const master = starting.use(await startRedis());
  const replica = starting.use(await startRedis({ args: ['--replicaof', '127.0.0.1', String(master.port)] }));
  const inStep = await poll(async () => (await infoOf(replica.url)).includes('master_link_status:up'));
  if (!inStep) throw new Error('the replica does not get in step');
  const sentinels = await Promise.all(Array.from({ length: SENTINELS }, () => startSentinel(master.port)));
  for (const sentinel of sentinels) starting.use(sentinel);
  const asked = starting.adopt(new Redis({ port: sentinels[0]?.port }), (client) => client.disconnect());
  asked.on('error', () => undefined);
  const state = async () => (await asked.call('SENTINEL', 'MASTER', MASTER_NAME)) as string[];
  const known = async () => {
    const fields = await state();
    const numberOf = (field: string) => Number(fields[fields.indexOf(field) + 1]);
    return numberOf('num-other-sentinels') === SENTINELS - 1 && numberOf('num-slaves') === 1;
  };
  if (!(await poll(known))) throw new Error(`the Sentinels do not meet: ${await state()}`);
  const stack = starting.move();
  return {
    master,
    replica,
    url: `redis://${MASTER_NAME}`,
    sentinels: sentinels.map(({ port }) => `redis://127.0.0.1:${port}`).join(','),
    command: (...words) => asked.call('SENTINEL', ...words),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A Sentinel needs a file that it can write to. */
async function startSentinel(masterPort: number): Promise<NativeServer> {
  const port = await freePort();
  const directory = await scratchDir('sentinel');
  const file = join(directory, 'sentinel.conf');
  const lines = [
    ...[`port ${port}`, 'bind 127.0.0.1', `dir ${directory}`],
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} ${QUORUM}`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${MASTER_NAME} 5000`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return NativeServer.start({
    name: 'redis-sentinel',
    command: findBinary('redis-server', 'redis-server'),
    args: [file, '--sentinel'],
    port,
    directory,
    ready: () => answersPing(port),
  });
}

async function infoOf(url: string): Promise<string> {
  const client = new Redis(url, { retryStrategy: () => null });
  try {
    return await client.info('replication');
  } finally {
    client.disconnect();
  }
}
