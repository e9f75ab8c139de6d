import type { MemoryStore } from '@leafcutter/coordinator/fakes/memory-store';
import { Evidence } from './evidence.ts';
import { Assumptions } from './faults/assumptions.ts';
import { Host } from './machine/host.ts';
import { Network } from './machine/network.ts';
import { Process } from './machine/process.ts';
import { Random } from './machine/random.ts';
import { Scheduler } from './machine/scheduler.ts';
import { AgentPlace, CoordinatorPlace } from './places.ts';
import type { Scenario } from './scenario.ts';
import { Callers } from './services/callers.ts';
import { Operator } from './services/operator.ts';
import { type AgentPlant, startAgent } from './services/simulated-agent.ts';
import { type CoordinatorPlant, startCoordinator } from './services/simulated-coordinator.ts';
import { SimulatedEndpoint } from './services/simulated-endpoint.ts';
import { SimulatedDatabase } from './stores/simulated-database.ts';
import { copyOf, type Memory, RedisServer, SimulatedRedis } from './stores/simulated-redis.ts';

/** Bugs that are planted for a run; a real run has none. */
export interface Plant {
  readonly coordinator?: CoordinatorPlant;
  readonly agent?: AgentPlant;
  readonly rowLocks?: false;
  /** A transaction for several rows waits for each, in the order in which they were asked for. */
  readonly waitsInGroups?: true;
  /** How the database carries out statements. */
  readonly statements?: (store: MemoryStore) => MemoryStore;
}

/** How often a snapshot of Redis is kept for a fault to go back to, and how many are kept. */
const SNAPSHOT_EVERY_MS = 500;
const SNAPSHOTS = 40;

const TAG_EVERY_MS = 1_000;
const LARGEST_BATCH = 60;
const SNOWFLAKE_EVERY_MS = 300;
const LARGEST_SNOWFLAKE_BATCH = 30;
/** Tags that the operator creates and retires. */
const OPERATORS_TAGS = ['fleeting-1', 'fleeting-2'];

/** A whole deployment with its machines, network and stores, on one scheduler. */
export class World {
  readonly seed: number;
  readonly scheduler = new Scheduler();
  readonly evidence = new Evidence(() => this.scheduler.now);
  readonly network: Network;
  readonly database: SimulatedDatabase;
  readonly redis: SimulatedRedis;
  readonly redisServers: RedisServer[] = [];
  readonly redisSnapshots: Memory[] = [];
  /** Called when a sweep begins to read the counters. */
  readonly onSweep = new Set<() => void>();
  readonly assumptions: Assumptions;
  readonly agents: readonly AgentPlace[];
  readonly coordinators: readonly CoordinatorPlace[];
  readonly operator: Operator;
  readonly #scenario: Scenario;
  readonly #plant: Plant;
  readonly #random: Random;

  constructor(scenario: Scenario, plant: Plant) {
    const { seed } = scenario;
    this.seed = seed;
    this.#scenario = scenario;
    this.#plant = plant;
    this.#random = new Random(seed, 'world');
    this.network = new Network(this.scheduler, new Random(seed, 'network'));
    this.database = new SimulatedDatabase({
      process: this.#process('database'),
      scheduler: this.scheduler,
      rowLocks: plant.rowLocks,
      waitsInGroups: plant.waitsInGroups,
      statements: plant.statements,
      generation: null,
    });
    this.redis = new SimulatedRedis(this.addRedis());
    this.assumptions = new Assumptions({
      commits: this.database.commits,
      now: () => this.scheduler.now,
    });
    this.database.onCommit = (commit) => this.assumptions.committed(commit);
    this.database.onCommitted = (entry) => this.evidence.committed(entry.counter, entry, entry);
    this.database.onHoldAndWait = (row) =>
      this.evidence.violated('I6', `a transaction waits for ${row} while it holds other rows`);
    this.database.onGeneration = () => {
      this.evidence.note('the deployment goes over to another generation of Redis');
      this.assumptions.redisChanged();
    };
    this.coordinators = Array.from({ length: scenario.coordinators }, (_, n) =>
      this.#coordinator(`coordinator-${n}`),
    );
    this.agents = Array.from({ length: scenario.agents }, (_, n) => this.#agent(`agent-${n}`));
    this.operator = new Operator(
      {
        process: this.#process('operator'),
        network: this.network,
        random: new Random(seed, 'operator'),
        evidence: this.evidence,
        tags: scenario.tags,
        coordinators: () => this.coordinators.map(({ service }) => service),
      },
      OPERATORS_TAGS,
    );
  }

  /** The tables after a first start and an operator's work. */
  async open(): Promise<void> {
    const { tags, rules } = this.#scenario;
    const store = this.database.inside();
    await store.ensureMachineIds(rules.leases.firstMachineId, rules.leases.lastMachineId);
    for (const tag of tags) await store.createTag(tag);
    this.operator.start();
    this.#keepSnapshots();
  }

  addRedis(memory?: Memory): RedisServer {
    const server = new RedisServer(
      this.#process(`redis-${this.redisServers.length}`),
      memory && copyOf(memory),
    );
    this.redisServers.push(server);
    return server;
  }

  /** Sets everything right that faults may have left, except the clock of Redis, which may stay ahead. */
  setRight(): void {
    const processes = [...this.agents, ...this.coordinators].map(({ process }) => process);
    for (const process of [...processes, this.database.process]) {
      process.resume();
      process.host.drift(0);
      process.host.setRight(this.#clockError());
    }
    // Agents that hold segments from above a lowered counter refuse those from below.
    if (this.operator.mayHaveLowered) for (const place of this.agents) place.kill();
    for (const place of [...this.agents, ...this.coordinators]) place.start();
    this.operator.stop();
    void this.operator.restoreTags();
  }

  restartAgents(): void {
    for (const place of this.agents.filter(({ process }) => process.alive)) {
      place.kill();
      place.start();
    }
  }

  #coordinator(name: string): CoordinatorPlace {
    const host = new Host(this.scheduler, name, this.#clockError());
    return new CoordinatorPlace(host, () => {
      const process = new Process(this.scheduler, host);
      process.onDeath(() => this.assumptions.watchEnded(name));
      return startCoordinator(
        {
          process,
          network: this.network,
          database: this.database,
          redis: this.redis,
          rules: this.#scenario.rules,
          seed: this.seed,
          onRedisChange: (up) => {
            this.evidence.note(`${name} takes Redis for ${up ? 'back' : 'away'}`);
            this.assumptions.watchTurned(name, up);
          },
          onSweep: () => {
            for (const tell of [...this.onSweep]) tell();
          },
          onSwept: (sweep, extent) => {
            this.evidence.note(`${name} has swept (${extent})`);
            this.assumptions.swept(sweep);
          },
          now: () => this.scheduler.now,
        },
        this.#plant.coordinator,
      );
    });
  }

  #agent(name: string): AgentPlace {
    const { scheduler, network, evidence, seed } = this;
    const { tags, rules, drawsTogether } = this.#scenario;
    const host = new Host(scheduler, name, this.#clockError());
    return new AgentPlace(host, (before) => {
      const process = new Process(scheduler, host);
      const endpoints = this.coordinators.map(
        (place) => new SimulatedEndpoint({ process, network, evidence, coordinator: () => place.service }),
      );
      const agent = startAgent(
        {
          process,
          agentId: name,
          endpoints,
          rules: rules.agent,
          seed,
          before,
          onMade: (id, instanceId) => evidence.made(id, instanceId),
        },
        this.#plant.agent,
      );
      const random = new Random(seed, `callers of ${agent.instanceId}`);
      const { waitMs } = rules.agent.tags;
      const callers = new Callers({ agent, evidence, random, waitMs, now: () => scheduler.now });
      const drawn = [...tags.map((record) => record.tag), ...OPERATORS_TAGS];
      for (const some of drawsTogether ? [drawn] : drawn.map((tag) => [tag]))
        callers.drawTags(some, TAG_EVERY_MS, LARGEST_BATCH);
      callers.drawSnowflakes(SNOWFLAKE_EVERY_MS, LARGEST_SNOWFLAKE_BATCH);
      return { ...agent, callers };
    });
  }

  #process(name: string): Process {
    return new Process(this.scheduler, new Host(this.scheduler, name, this.#clockError()));
  }

  #clockError(): number {
    return Math.round((this.#random.next() - 0.5) * 400);
  }

  #keepSnapshots(): void {
    this.redisSnapshots.push(this.redis.master.snapshot());
    if (this.redisSnapshots.length > SNAPSHOTS) this.redisSnapshots.shift();
    this.scheduler.after(SNAPSHOT_EVERY_MS, () => this.#keepSnapshots());
  }
}
