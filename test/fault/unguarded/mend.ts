/** Negative control: a coordinator whose sweep raises fences, but no counters that stand below their fences. */
import type { FenceIdentity, SweptCounter } from '@leafcutter/coordinator/domain/allocation/fence';
import { RedisFence } from '@leafcutter/coordinator/stores/redis/fence';

const { sweep } = RedisFence.prototype;

RedisFence.prototype.sweep = async function (
  this: RedisFence,
  identity: FenceIdentity,
  counters: readonly SweptCounter[],
) {
  return { ...(await sweep.call(this, identity, counters)), ahead: [] };
};
