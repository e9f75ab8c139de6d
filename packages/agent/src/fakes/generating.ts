import { hasCode } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { decode } from '@leafcutter/shared/layout';
import type { Lease } from '../domain/snowflake/lease.ts';
import type { GeneratorRules } from '../domain/snowflake/snowflake-generator.ts';
import { RecordedAgentEvents } from './recorded-events.ts';
import { GENERATOR_RULES } from './samples.ts';
import { type Guard, generatorWith } from './unguarded-generator.ts';

export const T0 = 1_800_000_000_000;

/** A lease on `machineId` over `[T0 + from, T0 + to)`. */
export function lease(machineId: number, from: number, to: number): Lease {
  return { machineId, from: T0 + from, to: T0 + to };
}

/** A generator at T0 whose random start is `draw`; `without` leaves out a guard. */
export function generating(
  own: { without?: Guard | undefined; rules?: Partial<GeneratorRules>; random?: () => number } = {},
) {
  const clock = new FakeClock(T0);
  const events = new RecordedAgentEvents();
  const rules = { ...GENERATOR_RULES, ...own.rules };
  const generator = generatorWith({ clock, rules, events, random: own.random ?? (() => 0) }, own.without);
  return {
    clock,
    events,
    generator,
    /** The next ID as `ms after T0 / machine id / sequence`, or the code that refused it. */
    next(): string {
      try {
        const { timestampMs, machineId, sequence } = decode(rules.layout, generator.next());
        return `${timestampMs - T0}/${machineId}/${sequence}`;
      } catch (error) {
        if (hasCode(error, 'LEASE_LOST', 'CLOCK_BACKWARDS')) return error.code;
        throw error;
      }
    },
    /** As many IDs as it issues, at most `count`. */
    many(count: number): bigint[] {
      const ids: bigint[] = [];
      try {
        while (ids.length < count) ids.push(generator.next());
      } catch (error) {
        if (!hasCode(error, 'LEASE_LOST', 'CLOCK_BACKWARDS')) throw error;
      }
      return ids;
    },
  };
}
