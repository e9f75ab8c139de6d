import { Arena, type CoordinatorPlace } from '../arena.ts';
import type { Bench } from './hardship.ts';

/** On a MySQL and a Redis, each behind a proxy. */
export interface StoresBench extends Bench {
  readonly arena: Arena;
  readonly place: CoordinatorPlace;
  /** Ends with the bench. */
  readonly stack: AsyncDisposableStack;
}

/** What a server may have been given when it was started, and Leafcutter does not expect. */
const ODD_MARIADB = [
  '--lower-case-table-names=1',
  '--innodb-rollback-on-timeout=1',
  '--default-storage-engine=MyISAM',
  '--character-set-server=latin1',
  '--collation-server=latin1_general_cs',
  '--query-cache-type=1',
  '--query-cache-size=1M',
  '--old-mode=',
];
const ODD_REDIS = ['--databases', '1', '--hz', '1', '--rename-command', 'KEYS', ''];

export async function startStores(stack: AsyncDisposableStack): Promise<StoresBench> {
  const arena = await Arena.start({
    coordinators: 1,
    agents: 1,
    clocks: true,
    tags: { hot: { step: 50 } },
    mariadb: { args: ODD_MARIADB },
    redis: { args: ODD_REDIS },
  });
  stack.use(arena);
  const [place] = arena.coordinators;
  const [agent] = arena.agents;
  if (place === undefined || agent === undefined) throw new Error('the arena is empty');
  const lane = { agent: agent.label, url: agent.service.url, source: 'hot' };
  void arena.load.add({ ...lane, count: 1, depth: 2, paceMs: 10 });
  void arena.load.add({ ...lane, count: 20, depth: 1, paceMs: 40 });
  void arena.load.add({ ...lane, source: 'snowflake', count: 1, depth: 2, paceMs: 10 });
  return {
    arena,
    stack,
    place,
    coordinator: place.service,
    agent: agent.service,
    load: arena.load,
    sources: arena.sources,
    heal: () => arena.heal(),
  };
}
