/** Negative control: a coordinator that works with any Redis it finds. */
import { FenceGuard } from '@leafcutter/coordinator/domain/fence-guard/fence-guard';
import { agreeing } from '@leafcutter/coordinator/fakes/unguarded';
import { RedisFence } from '@leafcutter/coordinator/stores/redis/fence';

const { raise, identity } = RedisFence.prototype;

RedisFence.prototype.raise = async function (this: RedisFence, moves) {
  const found = await identity.call(this);
  if (found === undefined) return agreeing(moves);
  const { generation } = found;
  return raise.call(
    this,
    moves.map((move) => ({ ...move, generation })),
  );
};
Object.defineProperty(FenceGuard.prototype, 'refusal', { get: () => undefined });
