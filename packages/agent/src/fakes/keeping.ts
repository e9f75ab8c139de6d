import { LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { LeaseKeeper } from '../domain/snowflake/lease-keeper.ts';
import { SnowflakeGenerator } from '../domain/snowflake/snowflake-generator.ts';
import { Snowflakes } from '../domain/snowflake/snowflakes.ts';
import { RecordedAgentEvents } from './recorded-events.ts';
import { GENERATOR_RULES, middling } from './samples.ts';
import { ScriptedLeases } from './scripted-leases.ts';

/** A keeper with its generator and scripted coordinators. */
export function keeping(random = middling, maxClockDriftMs = GENERATOR_RULES.maxClockDriftMs) {
  const clock = new FakeClock();
  const source = new ScriptedLeases(() => clock.now());
  const events = new RecordedAgentEvents();
  const rules = { ...GENERATOR_RULES, maxClockDriftMs };
  const generator = new SnowflakeGenerator({ clock, rules, events, random: () => 0 });
  const keeper = new LeaseKeeper({ source, generator, clock, random, events });
  const snowflakes = new Snowflakes({ generator, keeper, clock, waitMs: 2_000 });
  const started = async () => {
    keeper.start();
    await clock.advance(0);
  };
  /** `issued`, or the code that refused. */
  const tryNext = () => {
    try {
      generator.next();
      return 'issued';
    } catch (error) {
      return (error as LeafcutterError).code;
    }
  };
  return { clock, source, events, generator, keeper, snowflakes, started, tryNext };
}

export function lost(): LeafcutterError {
  return new LeafcutterError('LEASE_LOST', 'Held by another.');
}
