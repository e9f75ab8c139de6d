/** Negative control: a coordinator that never sweeps, so a Redis that forgot is not told. */
import { RedisFence } from '@leafcutter/coordinator/stores/redis/fence';

RedisFence.prototype.sweep = async () => ({ ahead: [], unreadable: [] });
