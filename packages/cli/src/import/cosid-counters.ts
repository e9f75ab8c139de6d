import type { CounterSource, Found, ReadCounters } from './source.ts';

/** A segment's counter; what stands in the braces is `namespace.name`. */
const SEGMENT_KEY = /^cosid:\{(.+)\}\.adder$/;
/** A namespace's counter of machine ids, which is no tag. (Source: CosId, `machine_id_distribute.lua`.) */
const MACHINE_ID_KEY = /^cosid:(\{.+\}|[^:{}]+):adder$/;

/**
 * CosId's counters, from its table or its Redis. Its ranges are `(old, new]`, so the value was handed out.
 * (Source: CosId, `JdbcIdSegmentDistributor`, `SpringRedisIdSegmentDistributor`.)
 */
export const cosidCounters: ReadCounters = async (source) =>
  /^rediss?:/.test(source.url) ? ofRedis(source) : ofTable(source);

async function ofTable(source: CounterSource): Promise<Found[]> {
  const { tableCounters } = await import('./mysql-counters.ts');
  return tableCounters(source, 'SELECT name, last_max_id AS max_id FROM cosid', 1n);
}

async function ofRedis(source: CounterSource): Promise<Found[]> {
  const { redisStrings } = await import('./redis-counters.ts');
  const found = await redisStrings({ ...source, match: 'cosid:*adder' });
  return found.filter(({ name }) => !MACHINE_ID_KEY.test(name)).map(named);
}

/** Of a key without braces nobody can tell whether it counted segments or machine ids. */
function named(found: Found): Found {
  const [, name] = SEGMENT_KEY.exec(found.name) ?? [];
  if (name !== undefined) return { ...found, name };
  const problem =
    'not a key of the form cosid:{namespace.name}.adder; if an early version of CosId counts with it, import it by hand';
  return { name: found.name, problem };
}
