import type { Segment, SegmentSource } from '@leafcutter/agent/domain/segments/segment';
import { Tags } from '@leafcutter/agent/domain/segments/tags';
import type { Lease, LeaseSource } from '@leafcutter/agent/domain/snowflake/lease';
import { SnowflakeGenerator } from '@leafcutter/agent/domain/snowflake/snowflake-generator';
import { type Guard, UnguardedGenerator } from '@leafcutter/agent/fakes/unguarded-generator';
import type { Random } from '../machine/random.ts';

import type { PlantedBug } from './planted-bug.ts';

type GeneratorParts = ConstructorParameters<typeof SnowflakeGenerator>[0];
type TagsParts = ConstructorParameters<typeof Tags>[0];

/** Bugs in an agent. */
export const AGENT_BUGS = {
  'a generator without the end of its window': lacking('to', ['I2']),
  'a generator without the start of its window': {
    ...lacking('from', ['I2']),
    aimed: ['agent-clock-jumps', 'agent-killed'],
  },
  'a generator without its last timestamp': lacking('last', ['I1', 'I3']),
  'a generator that overflows its sequence': lacking('overflow', ['I1', 'I2']),
  'an old answer is applied to a new request': {
    breaks: ['I1', 'I3'],
    agent: { tags: (parts, random) => new ReplayedTags(parts, random) },
  },
  'a restarted agent goes on with its window': {
    breaks: ['I1', 'I3'],
    agent: {
      restarted: ({ instanceId, generator }) => ({ instanceId, lease: generator.lease }),
    },
    aimed: ['agent-restarted-with-clock-back'],
  },
  'a request that waits past its deadline': {
    breaks: ['I6'],
    agent: { tags: (parts) => new Tags({ ...parts, rules: { ...parts.rules, waitMs: 10_000 } }) },
  },
  'a batch that is answered in part': { breaks: ['I4'], agent: { tags: (parts) => new PartialTags(parts) } },
  'a lease that is asked for once': { breaks: ['I5'], agent: { leases: givingUp } },
} satisfies Record<string, PlantedBug>;

function lacking(guard: Guard, breaks: PlantedBug['breaks']): PlantedBug {
  return { breaks, agent: { generator: (parts) => new LackingGenerator(parts, guard) } };
}

/** Replaces the real generator by one that lacks a guard. */
class LackingGenerator extends SnowflakeGenerator {
  readonly #inner: UnguardedGenerator;

  constructor(parts: GeneratorParts, guard: Guard) {
    super(parts);
    this.#inner = new UnguardedGenerator(parts, guard);
  }

  override hold(lease: Lease): void {
    super.hold(lease);
    this.#inner.hold(lease);
  }

  override drop(): void {
    super.drop();
    this.#inner.drop();
  }

  override next(): bigint {
    return this.#inner.next();
  }
}

type TagsDoor = Pick<Tags, 'take' | 'takeOne' | 'takeBlock' | 'status' | 'count'>;

/** Some requests get the answer to the previous one, and the agent has forgotten what it held before. */
class ReplayedTags implements TagsDoor {
  readonly #parts: TagsParts;
  readonly #answers = new Map<string, Segment>();
  readonly #replayed = new Set<string>();
  #tags: Tags;

  constructor(parts: TagsParts, random: Random) {
    const fetchSegment: SegmentSource['fetchSegment'] = async (tag, demand) => {
      const before = this.#answers.get(tag);
      if (this.#replayed.delete(tag) && before !== undefined) return before;
      const answer = await parts.source.fetchSegment(tag, demand);
      // The answer reaches nobody; the next request gets the previous one a second time.
      if (random.chance(0.05)) this.#forget(tag);
      else this.#answers.set(tag, answer);
      return answer;
    };
    this.#parts = { ...parts, source: { fetchSegment } };
    this.#tags = new Tags(this.#parts);
  }

  get count(): number {
    return this.#tags.count;
  }

  take(...call: Parameters<Tags['take']>): Promise<Segment[]> {
    return this.#tags.take(...call);
  }

  takeBlock(...call: Parameters<Tags['takeBlock']>): Promise<Segment[]> {
    return this.#tags.takeBlock(...call);
  }

  takeOne(tag: string): bigint | undefined {
    return this.#tags.takeOne(tag);
  }

  status(): ReturnType<Tags['status']> {
    return this.#tags.status();
  }

  #forget(tag: string): void {
    this.#replayed.add(tag);
    this.#tags.close();
    this.#tags = new Tags(this.#parts);
  }
}

/** Answers with what there is, even if the list is too short. */
class PartialTags extends Tags {
  override take(...call: Parameters<Tags['take']>): Promise<Segment[]> {
    return super.take(...call).catch(() => []);
  }
}

/** A lease is asked for without a timeout: after one lost answer, nobody asks again. */
function givingUp(source: LeaseSource): LeaseSource {
  return {
    grant: () => source.grant().catch(() => new Promise(() => undefined)),
    renew: (lease, extend) => source.renew(lease, extend),
    end: (lease) => source.end(lease),
  };
}
