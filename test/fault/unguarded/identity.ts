/** Negative control: a coordinator that works with any Redis it finds. */
import type { FenceMove } from '@leafcutter/coordinator/domain/allocation/fence';
import type { CounterName } from '@leafcutter/coordinator/domain/allocation/range';
import { FenceGuard } from '@leafcutter/coordinator/domain/fence-guard/fence-guard';
import { RedisFence } from '@leafcutter/coordinator/stores/redis/fence';

const { raise, identity } = RedisFence.prototype;

RedisFence.prototype.raise = async function (this: RedisFence, name: CounterName, move: FenceMove) {
  const found = await identity.call(this);
  return found === undefined
    ? { kind: 'ok' }
    : raise.call(this, name, { ...move, generation: found.generation });
};
Object.defineProperty(FenceGuard.prototype, 'refusal', { get: () => undefined });
