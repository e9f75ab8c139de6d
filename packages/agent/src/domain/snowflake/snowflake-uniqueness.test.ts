import { describe, expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { decode } from '@leafcutter/shared/layout';
import { generating, lease, T0 } from '../../fakes/generating.ts';
import { rises } from '../../fakes/issuing.ts';
import { RecordedAgentEvents } from '../../fakes/recorded-events.ts';
import { GENERATOR_RULES, LAYOUT } from '../../fakes/samples.ts';
import { between, freshSeed, seededRandom } from '../../fakes/seeded-random.ts';
import { type Guard, UnguardedGenerator } from '../../fakes/unguarded-generator.ts';
import type { Lease } from './lease.ts';
import { SnowflakeGenerator } from './snowflake-generator.ts';

describe('a new lease', () => {
  /**
   * Another machine id is granted in the same millisecond. Its number is lower, so an equal time would make IDs fall.
   */
  function replaced(without?: Guard): bigint[] {
    const { generator, many } = generating({ without });
    generator.hold(lease(9, 0, 60_000));
    const before = many(3);
    generator.hold(lease(2, 0, 60_000));
    return [...before, ...many(3)];
  }

  test('starts strictly above the last ID, even for a lower machine id in the same millisecond', () => {
    const ids = replaced();
    expect(rises(ids)).toBe(true);
    expect(decode(LAYOUT, ids[3] ?? 0n)).toEqual({ timestampMs: T0 + 1, machineId: 2, sequence: 0 });
  });

  test('negative control: started in the same millisecond, IDs fall back', () => {
    expect(rises(replaced('new lease'))).toBe(false);
  });

  test('on the same machine id starts in the next millisecond too', () => {
    const { generator, next } = generating();
    generator.hold(lease(9, 0, 10));
    next();
    generator.hold(lease(9, 10, 60_000));
    expect(next()).toBe('10/9/0');
  });

  test('whose window ends sooner is another lease, not an extension', () => {
    const { generator, next } = generating();
    generator.hold(lease(9, 0, 100));
    next();
    generator.hold(lease(9, 0, 50));
    expect(next()).toBe('1/9/0');
  });
});

describe('an extension', () => {
  test('keeps the sequence: the millisecond goes on where it stood', () => {
    const { generator, next } = generating();
    generator.hold(lease(9, 0, 10));
    expect([next(), next()]).toEqual(['0/9/0', '0/9/1']);
    generator.hold(lease(9, 0, 20));
    expect(next()).toBe('0/9/2');
  });

  test('lets a generator go on that had used its window up', () => {
    const { generator, clock, next } = generating();
    generator.hold(lease(9, 0, 10));
    clock.jump(15);
    expect(next()).toBe('LEASE_LOST');
    generator.hold(lease(9, 0, 20));
    expect(next()).toBe('15/9/0');
  });
});

/** A world that grants windows as the coordinators do: for each machine id they are disjoint and only rise. */
class Ceilings {
  readonly #ceilings = [T0, T0, T0, T0];
  readonly windows: { lease: Lease; holder: number }[] = [];

  grant(holder: number, trueNow: number, lengthMs: number): Lease | undefined {
    const machineId = this.#ceilings.findIndex((ceiling) => ceiling <= trueNow);
    const ceiling = this.#ceilings[machineId];
    if (ceiling === undefined) return undefined;
    const granted = { machineId, from: Math.max(ceiling, trueNow - 20), to: trueNow + lengthMs };
    this.#ceilings[machineId] = granted.to;
    this.windows.push({ lease: granted, holder });
    return granted;
  }

  extend(holder: number, held: Lease, byMs: number): Lease | undefined {
    if (this.#ceilings[held.machineId] !== held.to) return undefined;
    const extended = { ...held, to: held.to + byMs };
    this.#ceilings[held.machineId] = extended.to;
    this.windows.push({ lease: { ...extended, from: held.to }, holder });
    return extended;
  }
}

describe('over random clocks, stalls, replaced and extended leases', () => {
  const seed = freshSeed();
  const rules = {
    ...GENERATOR_RULES,
    sequenceStartMax: 3,
    layout: { ...LAYOUT, sequenceBits: 4 },
    maxClockDriftMs: 20,
  };

  /** Three agents with wrong clocks share four machine ids. Returns each agent's IDs and the windows granted. */
  function walk(seed: number, without: Guard | undefined, steps: number) {
    const random = seededRandom(seed);
    const world = new Ceilings();
    let trueNow = T0;
    const agents = [0, 1, 2].map((holder) => {
      const clock = new FakeClock(T0);
      const parts = { clock, rules, events: new RecordedAgentEvents(), random };
      const generator =
        without === undefined ? new SnowflakeGenerator(parts) : new UnguardedGenerator(parts, without);
      return { holder, clock, generator, held: undefined as Lease | undefined, ids: [] as bigint[] };
    });
    for (let step = 0; step < steps; step++) {
      const passed = random() < 0.3 ? between(random, 0, 40) : between(random, 0, 1);
      trueNow += passed;
      for (const agent of agents) {
        agent.clock.jump(passed);
        if (random() < 0.05) agent.clock.jump(between(random, -60, 60));
        if (random() < 0.02) agent.clock.jump(trueNow - agent.clock.now());
        const draw = random();
        const granted =
          draw < 0.04
            ? world.grant(agent.holder, trueNow, between(random, 5, 60))
            : draw < 0.1 && agent.held !== undefined
              ? world.extend(agent.holder, agent.held, between(random, 5, 60))
              : undefined;
        if (granted !== undefined) {
          agent.held = granted;
          agent.generator.hold(granted);
        }
        try {
          for (let n = between(random, 0, 12); n > 0; n--) agent.ids.push(agent.generator.next());
        } catch {
          // A refusal is fine: what counts is what was issued.
        }
      }
    }
    return { agents, windows: world.windows };
  }

  function verdict(seed: number, without?: Guard) {
    const { agents, windows } = walk(seed, without, 4_000);
    const all = agents.flatMap(({ ids }) => ids);
    const outside = agents.flatMap(({ ids, holder }) =>
      ids.filter((id) => {
        const { timestampMs, machineId } = decode(rules.layout, id);
        return !windows.some(
          (window) =>
            window.holder === holder &&
            window.lease.machineId === machineId &&
            timestampMs >= window.lease.from &&
            timestampMs < window.lease.to,
        );
      }),
    );
    return {
      issued: all.length,
      repeated: all.length - new Set(all).size,
      outside: outside.length,
      falling: agents.filter(({ ids }) => !rises(ids)).length,
    };
  }

  test(`no ID repeats, leaves its window or falls (seed ${seed})`, () => {
    const { issued, ...faults } = verdict(seed);
    expect(issued).toBeGreaterThan(3_000);
    expect(faults).toEqual({ repeated: 0, outside: 0, falling: 0 });
  });

  test.each<[Guard, keyof ReturnType<typeof verdict>]>([
    ['last', 'repeated'],
    ['random above last', 'repeated'],
    ['overflow', 'outside'],
    ['to', 'outside'],
    ['from', 'outside'],
    ['new lease', 'falling'],
  ])(`negative control: without the guard "%s", IDs are %s (seed ${seed})`, (without, fault) => {
    // A single walk may miss the one millisecond that it takes; a dozen do not.
    const found = Array.from({ length: 12 }, (_, nth) => seed + nth).find(
      (it) => verdict(it, without)[fault] > 0,
    );
    expect(found).toBeDefined();
  });

  test(`the generator of the negative controls, with all its guards, is the real one (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const clock = new FakeClock(T0);
    const draws = { real: seededRandom(seed), twin: seededRandom(seed) };
    const parts = { clock, rules, events: new RecordedAgentEvents() };
    const real = new SnowflakeGenerator({ ...parts, random: draws.real });
    const twin = new UnguardedGenerator({ ...parts, random: draws.twin });
    const next = (generator: { next(): bigint }) => {
      try {
        return generator.next();
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const issued = { real: [] as unknown[], twin: [] as unknown[] };
    for (let step = 0; step < 5_000; step++) {
      if (random() < 0.05) clock.jump(between(random, -30, 60));
      if (random() < 0.02) {
        const held = { machineId: between(random, 0, 3), from: clock.now() - 5, to: clock.now() + 50 };
        real.hold(held);
        twin.hold(held);
      }
      issued.real.push(next(real));
      issued.twin.push(next(twin));
    }
    expect(issued.twin).toEqual(issued.real);
  });
});
