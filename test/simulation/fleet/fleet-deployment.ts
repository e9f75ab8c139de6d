import { RATES_SHARE, slotBytes } from '@leafcutter/coordinator/domain/fleet/board';
import { FenceMemory, MemoryFence } from '@leafcutter/coordinator/fakes/memory-fence';
import { SAMPLE_DEPLOYMENT } from '@leafcutter/coordinator/fakes/samples';
import type { Coordinator } from '@leafcutter/coordinator/http/coordinator';
import { timerScheduler } from '@leafcutter/coordinator/jobs/timer-scheduler';
import { coordinatorSettings, machineIds } from '@leafcutter/coordinator/settings';
import { MemoryBoard } from '@leafcutter/coordinator/stores/memory/board';
import { MemoryJobJournal } from '@leafcutter/coordinator/stores/memory/job-journal';
import { MemoryLeaseRegistry } from '@leafcutter/coordinator/stores/memory/lease-registry';
import { MemoryRoster } from '@leafcutter/coordinator/stores/memory/roster';
import { type Clock, sleep } from '@leafcutter/shared/clock';
import { loadConfig } from '@leafcutter/shared/config/load-config';
import { layoutFingerprint } from '@leafcutter/shared/layout';
import { createLogger } from '@leafcutter/shared/logger';
import { layoutOf } from '@leafcutter/shared/snowflake-settings';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import { createTagRequest } from '@leafcutter/shared/wire';
import { overriding } from '../overriding.ts';
import { fleetCoordinator } from './fleet-coordinator.ts';
import { FleetDatabase, FleetLocks, FleetStore, Station } from './fleet-stores.ts';
import { STEP } from './light-agent.ts';

/** How long a transaction of the database takes, and Redis for each report, in milliseconds. */
const COMMIT_MS = 5;
const ENTER_REPORT_MS = 0.065;
/** Where the numbers of one deployment end and those of the next begin, so that no two hand out the same. */
const NUMBERS_EACH = 10 ** 11;

interface DeploymentParts {
  readonly clock: Clock;
  /** For what coordinators do without being called. */
  readonly ownClock: Clock;
  readonly random: () => number;
  /** Which of `of` deployments this is, from 0 on. */
  readonly index: number;
  readonly of: number;
  readonly coordinators: number;
  readonly tags: readonly string[];
  /** How many machine ids each deployment grants. */
  readonly machineIds: number;
}

/** Coordinators on stores of their own, with the machine ids and the numbers that are theirs alone. */
export interface FleetDeployment {
  readonly coordinators: readonly Coordinator[];
  readonly layout: string;
  readonly roster: MemoryRoster;
}

export async function startDeployment(parts: DeploymentParts): Promise<FleetDeployment> {
  const { clock, ownClock, random, index, tags } = parts;
  const config = configOf(parts);
  const layout = layoutFingerprint(layoutOf(config.snowflake));
  const database = new FleetDatabase();
  const bytes = config.rosterMaxMb * 1_000_000;
  const roster = new MemoryRoster(clock, bytes * (1 - RATES_SHARE));
  const shared = {
    config,
    clock,
    ownClock,
    random,
    log: createLogger('silent', {}, { write: () => undefined }),
    store: new FleetStore(clock, database, COMMIT_MS),
    fence: new MemoryFence(new FenceMemory({ ...SAMPLE_DEPLOYMENT.identity, layout })),
    locks: new FleetLocks(clock, random),
    registry: new MemoryLeaseRegistry(clock),
    roster: inLine(roster, clock),
    board: new MemoryBoard(slotBytes(bytes)),
    journal: new MemoryJobJournal(),
  };
  const { first, last } = machineIds(config.snowflake);
  await shared.store.ensureMachineIds(first, last);
  const coordinators: Coordinator[] = [];
  for (let n = 0; n < parts.coordinators; n++)
    coordinators.push(await fleetCoordinator({ ...shared, coordinatorId: `c${index}-${n}` }));
  const [leader] = coordinators;
  if (leader === undefined) throw new Error('a deployment has at least one coordinator');
  const author = { actor: 'simulation', origin: 'simulation', coordinatorId: leader.coordinatorId };
  const start = String(index * NUMBERS_EACH + 1);
  const highestId = index + 1 < parts.of ? String((index + 1) * NUMBERS_EACH) : String(HIGHEST_ID);
  for (const tag of tags)
    await leader.tags.create(
      createTagRequest.parse({ tag, start, step: STEP, maxStep: STEP, highestId }),
      author,
    );
  for (const { watch, jobWatch } of coordinators) {
    watch.start();
    jobWatch.start();
  }
  // BullMQ runs each job on one coordinator; here it is always the first.
  timerScheduler(leader.jobs, ownClock);
  return { coordinators, layout, roster };
}

function configOf({ index, of, machineIds: count }: DeploymentParts) {
  // Of the bits that the sequence has where there are many machines, those that tell the deployments apart.
  const bits = 16 + Math.ceil(Math.log2(of));
  const first = index * count;
  const argv = [
    ...['--snowflake-layout', 'many-machines', '--snowflake-machine-id-bits', String(bits)],
    ...['--snowflake-sequence-bits', String(22 - bits)],
    ...['--snowflake-machine-id-range', `${first}-${first + count - 1}`],
  ];
  const read = loadConfig(coordinatorSettings, {
    argv,
    env: {},
    cwd: '/',
    service: 'coordinator',
    readFile: () => '',
  });
  if (read.config === undefined) throw new Error(`no settings: ${argv.join(' ')}`);
  return read.config;
}

/** Redis enters one call's reports after the other. */
function inLine(roster: MemoryRoster, clock: Clock): MemoryRoster {
  const redis = new Station(clock);
  return overriding(roster, {
    async report(reports) {
      await sleep(clock, redis.doneAfter(reports.length * ENTER_REPORT_MS));
      return roster.report(reports);
    },
  });
}
