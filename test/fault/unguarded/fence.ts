/** Negative control: a coordinator whose fence remembers nothing and finds every range good. */
import { agreeing } from '@leafcutter/coordinator/fakes/unguarded';
import { RedisFence } from '@leafcutter/coordinator/stores/redis/fence';

RedisFence.prototype.raise = async (moves) => agreeing(moves);
