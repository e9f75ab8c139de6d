import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { Service } from '../support/service.ts';

export interface OneCoordinator {
  readonly coordinator: Service;
  readonly mariadb: MariadbServer;
  readonly redis: RedisServer;
}

/** For a `SimulatedFleet`: the longest windows allowed, so that none ends while more leases are taken. */
export const FOR_A_FLEET = [
  ...['--snowflake-layout', 'many-machines', '--log-level', 'warn'],
  ...['--snowflake-window-initial-ms', '3600000', '--snowflake-window-max-ms', '3600000'],
];

/** One coordinator on a MariaDB and a Redis of its own, which end with `stack`. `main`: of another version. */
export async function startOneCoordinator(
  stack: AsyncDisposableStack,
  flags: readonly string[] = [],
  main?: string,
): Promise<OneCoordinator> {
  const mariadb = stack.use(await startMariadb());
  const redis = stack.use(await startRedis());
  const coordinator = await Service.start({
    pace: 'product',
    kind: 'coordinator',
    name: 'bench',
    main,
    flags,
    env: { LEAFCUTTER_MYSQL_URL: mariadb.url, LEAFCUTTER_REDIS_URL: redis.url },
  });
  stack.defer(() => coordinator.stop());
  return { coordinator, mariadb, redis };
}
