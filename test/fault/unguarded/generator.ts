/**
 * Negative control: the agent's snowflake generator without the guard that `WITHOUT_GUARD` names. The keeper goes on
 * with the true leases, so the agent differs from the real one in nothing else.
 */
import type { Lease } from '@leafcutter/agent/domain/snowflake/lease';
import { SnowflakeGenerator } from '@leafcutter/agent/domain/snowflake/snowflake-generator';
import { type Guard, UnguardedGenerator } from '@leafcutter/agent/fakes/unguarded-generator';
import { LAYOUT_PRESETS, TWITTER_EPOCH_MS } from '@leafcutter/shared/layout';
import { systemClock } from '@leafcutter/shared/system-clock';

const { hold, drop } = SnowflakeGenerator.prototype;
const twins = new WeakMap<SnowflakeGenerator, UnguardedGenerator>();

function twinOf(generator: SnowflakeGenerator): UnguardedGenerator {
  const known = twins.get(generator);
  if (known !== undefined) return known;
  const layout = { ...LAYOUT_PRESETS.classic, datacenterBits: 0, epochMs: TWITTER_EPOCH_MS };
  const rules = { layout, sequenceStartMax: 0, maxClockDriftMs: 2_000 };
  const parts = { clock: systemClock, rules, events: { clockWentBack: () => undefined }, random: () => 0 };
  const twin = new UnguardedGenerator(parts, process.env.WITHOUT_GUARD as Guard);
  twins.set(generator, twin);
  return twin;
}

Object.defineProperties(SnowflakeGenerator.prototype, {
  hold: {
    value(this: SnowflakeGenerator, lease: Lease) {
      hold.call(this, lease);
      twinOf(this).hold(lease);
    },
  },
  drop: {
    value(this: SnowflakeGenerator) {
      drop.call(this);
      twinOf(this).drop();
    },
  },
  next: {
    value(this: SnowflakeGenerator) {
      return twinOf(this).next();
    },
  },
});
