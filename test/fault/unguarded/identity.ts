/** Negative control: a coordinator that works with whatever Redis it finds. */
import type { FenceMove } from '@leafcutter/coordinator/domain/fence';
import { FenceGuard } from '@leafcutter/coordinator/domain/fence-guard';
import type { CounterName } from '@leafcutter/coordinator/domain/range';
import { RedisFence } from '@leafcutter/coordinator/redis-fence';

const { raise, identity } = RedisFence.prototype;

RedisFence.prototype.raise = async function (this: RedisFence, name: CounterName, move: FenceMove) {
  const found = await identity.call(this);
  return found === undefined
    ? { kind: 'ok' }
    : raise.call(this, name, { ...move, generation: found.generation });
};
Object.defineProperty(FenceGuard.prototype, 'refusal', { get: () => undefined });
