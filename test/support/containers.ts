import { mariadbImage, redisImage } from './container-images.ts';
import { loopbackContainer } from './loopback-container.ts';
import { answersQuery, createDatabaseOn, databaseMaker } from './mariadb-client.ts';
import { PATIENCE_MS } from './patience.ts';
import { answersPing } from './redis-ping.ts';
import { RunningContainer } from './running-container.ts';

export interface RedisContainer extends RunningContainer {
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
}

export interface MariadbContainer extends RunningContainer {
  /** `mysql://root@127.0.0.1:<port>/leafcutter`; the database exists and is empty. */
  readonly url: string;
  /** Makes a database, under a fresh name unless one is given; resolves to its URL. */
  createDatabase(name?: string): Promise<string>;
}

/** Starts a Redis in a container, through testcontainers; takes about a second. */
export async function startRedisContainer(): Promise<RedisContainer> {
  const { image, substituted } = await redisImage();
  const { container, port } = await loopbackContainer(image, 6379);
  const started = await container.withStartupTimeout(PATIENCE_MS).start();
  const running = await RunningContainer.of({ started, port, substituted, ready: () => answersPing(port) });
  return Object.assign(running, { url: `redis://127.0.0.1:${port}` });
}

/** Starts a MariaDB in a container, through testcontainers, with a `root` without password; takes about two seconds. */
export async function startMariadbContainer(): Promise<MariadbContainer> {
  const { image, substituted } = await mariadbImage();
  const { container, port } = await loopbackContainer(image, 3306);
  // The official image requires it; the stand-in is prepared that way and ignores it.
  const started = await container
    .withEnvironment({ MARIADB_ALLOW_EMPTY_ROOT_PASSWORD: '1' })
    .withStartupTimeout(PATIENCE_MS)
    .start();
  const running = await RunningContainer.of({ started, port, substituted, ready: () => answersQuery(port) });
  return Object.assign(running, {
    url: await createDatabaseOn(port, 'leafcutter'),
    createDatabase: databaseMaker(port),
  });
}
