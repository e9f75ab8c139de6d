import { CoordinatorClient } from '@leafcutter/agent/coordinators/client';
import { Reporter } from '@leafcutter/agent/domain/reporting/reporter';
import type { SegmentSource } from '@leafcutter/agent/domain/segments/segment';
import { Tags, type TagsRules } from '@leafcutter/agent/domain/segments/tags';
import { ClockWatch } from '@leafcutter/agent/domain/snowflake/clock-watch';
import type { Lease, LeaseSource } from '@leafcutter/agent/domain/snowflake/lease';
import { LeaseKeeper } from '@leafcutter/agent/domain/snowflake/lease-keeper';
import {
  type GeneratorRules,
  SnowflakeGenerator,
} from '@leafcutter/agent/domain/snowflake/snowflake-generator';
import { Snowflakes } from '@leafcutter/agent/domain/snowflake/snowflakes';
import { RecordedAgentEvents } from '@leafcutter/agent/fakes/recorded-events';
import type { Process } from '../machine/process.ts';
import { Random } from '../machine/random.ts';
import type { SimulatedEndpoint } from './simulated-endpoint.ts';

/** An agent made from the production code's domain and client. Only this file does so. */
export interface SimulatedAgent {
  readonly process: Process;
  readonly agentId: string;
  readonly instanceId: string;
  readonly tags: Pick<Tags, 'take' | 'takeOne' | 'takeBlock' | 'status' | 'count'>;
  readonly generator: SnowflakeGenerator;
  readonly snowflakes: Snowflakes;
}

export interface AgentRules {
  readonly tags: TagsRules;
  readonly generator: GeneratorRules;
  readonly maxClockSkewMs: number;
  readonly reportIntervalMs: number;
}

type GeneratorParts = ConstructorParameters<typeof SnowflakeGenerator>[0];
type TagsParts = ConstructorParameters<typeof Tags>[0];

/** Where a planted bug may change an agent while it is put together. */
export interface AgentPlant {
  readonly tags?: (
    parts: TagsParts,
    random: Random,
  ) => Pick<Tags, 'take' | 'takeOne' | 'takeBlock' | 'status' | 'count'>;
  readonly generator?: (parts: GeneratorParts) => SnowflakeGenerator;
  readonly leases?: (source: LeaseSource) => LeaseSource;
  /** What a restarted agent takes over from the process before it. */
  readonly restarted?: (before: SimulatedAgent) => { instanceId: string; lease: Lease | undefined };
}

export function startAgent(
  parts: {
    readonly process: Process;
    readonly agentId: string;
    readonly endpoints: readonly SimulatedEndpoint[];
    readonly rules: AgentRules;
    readonly seed: number;
    /** Told of every snowflake ID as it is made. */
    readonly onMade: (id: bigint, instanceId: string) => void;
    readonly before: SimulatedAgent | undefined;
  },
  plant: AgentPlant = {},
): SimulatedAgent {
  const { process, agentId, endpoints, rules, before } = parts;
  const { clock } = process;
  const random = new Random(parts.seed, `${process.name} at ${process.startedAtMs}`);
  const kept = before === undefined ? undefined : plant.restarted?.(before);
  const instanceId = kept?.instanceId ?? random.uuid();
  const events = new RecordedAgentEvents();
  const watch = new ClockWatch(clock, rules.maxClockSkewMs);
  const client = new CoordinatorClient({
    endpoints,
    identity: { agentId, instanceId },
    layout: rules.generator.layout,
    clock,
    watch,
    random: random.next,
  });
  const shared = { clock, random: random.next, events };
  const tagsParts = { ...shared, source: client as SegmentSource, rules: rules.tags };
  const realTags = new Tags(tagsParts);
  const generatorParts = { ...shared, rules: rules.generator };
  const generator = noting(
    plant.generator?.(generatorParts) ?? new SnowflakeGenerator(generatorParts),
    (id) => parts.onMade(id, instanceId),
  );
  if (kept?.lease !== undefined) generator.hold(kept.lease);
  const keeper = new LeaseKeeper({ ...shared, source: plant.leases?.(client) ?? client, generator });
  keeper.start();
  const status = () => ({
    agentId,
    instanceId,
    version: 'simulated',
    timeMs: clock.now(),
    snowflake: null,
    clock: { offsetMs: watch.offsetMs ?? null, skewed: watch.skewed },
    tags: realTags.status(),
  });
  new Reporter({
    target: client,
    tags: realTags,
    status,
    clock,
    random: () => 0,
    intervalMs: rules.reportIntervalMs,
  }).start();
  return {
    process,
    agentId,
    instanceId,
    tags: plant.tags?.(tagsParts, random) ?? realTags,
    generator,
    snowflakes: new Snowflakes({ generator, keeper, clock, waitMs: rules.tags.waitMs }),
  };
}

/** Reports every ID as it is made, even if its request fails before the last one. */
function noting(generator: SnowflakeGenerator, onMade: (id: bigint) => void): SnowflakeGenerator {
  const next = generator.next.bind(generator);
  generator.next = () => {
    const id = next();
    onMade(id);
    return id;
  };
  return generator;
}
