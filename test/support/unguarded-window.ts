/**
 * Takes the guard off in a real agent, for negative controls: to be loaded before it, by `unguardedWindow`. The
 * generator is given leases that never end, while the keeper goes on with the true ones, so that an agent differs
 * from the real one in nothing but the check of the window's end.
 */
import type { Lease } from '@leafcutter/agent/domain/lease';
import { SnowflakeGenerator } from '@leafcutter/agent/domain/snowflake-generator';
import { LAYOUT_PRESETS, TWITTER_EPOCH_MS, timestampEndMs } from '@leafcutter/shared/layout';

const never = timestampEndMs({
  ...LAYOUT_PRESETS.classic,
  datacenterBits: 0,
  epochMs: TWITTER_EPOCH_MS,
});
const { hold, drop } = SnowflakeGenerator.prototype;
const truth = new WeakMap<SnowflakeGenerator, Lease>();

Object.defineProperties(SnowflakeGenerator.prototype, {
  lease: {
    get(this: SnowflakeGenerator) {
      return truth.get(this);
    },
  },
  hold: {
    value(this: SnowflakeGenerator, lease: Lease) {
      hold.call(this, { ...lease, to: never });
      truth.set(this, lease);
    },
  },
  drop: {
    value(this: SnowflakeGenerator) {
      drop.call(this);
      truth.delete(this);
    },
  },
});
