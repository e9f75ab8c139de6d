import { setTimeout as sleep } from 'node:timers/promises';
import type { Verdict } from '../../support/proxied-connection.ts';
import type { Arena, CoordinatorPlace } from '../arena.ts';
import { atRequest, PACKETS } from '../packets.ts';
import type { Scenario } from '../scenario.ts';

const AWAY_MS = 1_500;
const STILL_MS = 3_000;

/** The point of a refill at which a coordinator is struck: what it is about to send, and to whom. */
const PLACES = [
  { at: 'row-lock', packet: PACKETS.rowLock, to: 'mysql' },
  { at: 'ledger-entry', packet: PACKETS.ledgerEntry, to: 'mysql' },
  { at: 'fence', packet: PACKETS.fence, to: 'redis' },
  { at: 'commit', packet: PACKETS.commit, to: 'mysql' },
] as const;
type Place = (typeof PLACES)[number];

/** Strikes the first coordinator that reaches this point. `strike` decides what becomes of what it was sending. */
async function strikeAt(
  { coordinators }: Arena,
  { packet, to }: Place,
  strike: (met: CoordinatorPlace) => Verdict | Promise<Verdict>,
): Promise<void> {
  const struck = Promise.withResolvers<void>();
  for (const coordinator of coordinators) {
    coordinator[to].onChunk = atRequest(packet, () => {
      for (const place of coordinators) place[to].onChunk = () => 'pass';
      struck.resolve();
      return strike(coordinator);
    });
  }
  await struck.promise;
}

function killedAt(place: Place, verdict: 'pass' | 'cut'): Scenario {
  const lost = verdict === 'cut';
  return {
    name: `killed-${lost ? 'before' : 'after'}-${place.at}`,
    faults: `a coordinator is killed (SIGKILL) as it sends: ${place.packet}, which ${lost ? 'is lost' : 'arrives'}`,
    async nemesis(arena) {
      await strikeAt(arena, place, ({ service }) => {
        void service.process.kill();
        return verdict;
      });
      await sleep(AWAY_MS);
    },
  };
}

function stoppedAt(place: Place): Scenario {
  return {
    name: `stopped-at-${place.at}`,
    faults: `a coordinator stands still (SIGSTOP) for ${STILL_MS / 1_000} s as it sends: ${place.packet}, which arrives at once`,
    async nemesis(arena) {
      await strikeAt(arena, place, ({ service }) => {
        void service.process.pause();
        return 'pass';
      });
      await sleep(STILL_MS);
    },
  };
}

/** What is done to coordinators. */
export const COORDINATORS: readonly Scenario[] = [
  {
    name: 'coordinators-killed-in-turn',
    faults: 'each coordinator killed (SIGKILL) in turn and started again',
    async nemesis({ coordinators }) {
      for (const { service } of coordinators) {
        await service.process.kill();
        await sleep(AWAY_MS);
        await service.restart();
      }
    },
  },
  {
    name: 'all-coordinators-killed',
    faults: `all coordinators killed (SIGKILL) at once, ${AWAY_MS / 1_000} s away`,
    async nemesis({ coordinators }) {
      await Promise.all(coordinators.map(({ service }) => service.process.kill()));
      await sleep(AWAY_MS);
    },
  },
  {
    name: 'coordinator-stopped',
    faults: `a coordinator stands still (SIGSTOP) for ${STILL_MS / 1_000} s`,
    async nemesis({ coordinators }) {
      await coordinators[0]?.service.process.pause();
      await sleep(STILL_MS);
    },
  },
  ...PLACES.map((place) => killedAt(place, 'pass')),
  killedAt(PLACES[3], 'cut'),
  ...PLACES.map(stoppedAt),
  {
    name: 'commit-held-back',
    faults: `a coordinator stands still (SIGSTOP) and its COMMIT is held back for ${STILL_MS / 1_000} s, arriving as it wakes`,
    async nemesis(arena) {
      await strikeAt(arena, PLACES[3], async ({ service }): Promise<Verdict> => {
        await service.process.pause();
        await sleep(STILL_MS);
        await service.process.resume();
        return 'pass';
      });
      await sleep(STILL_MS + 500);
    },
  },
  {
    name: 'stopped-with-a-row',
    faults:
      'a coordinator stands still (SIGSTOP) for 13 s with a row and a lock of a tag; MySQL ends its session after 10 s',
    nemesis: async (arena) => {
      await strikeAt(arena, PLACES[0], ({ service }) => {
        void service.process.pause();
        return 'pass';
      });
      await sleep(13_000);
    },
  },
  {
    name: 'two-on-one-tag',
    faults:
      'a tag with segments of 2 IDs, refilled all the time through both coordinators, whose locks are deleted',
    arena: { tags: { hot: { step: 2 }, deep: { step: 20_000 } } },
    async nemesis({ operator: { redis } }) {
      for (let round = 0; round < 100; round++) {
        await redis.del('leafcutter:lock:tag:hot');
        await sleep(20);
      }
    },
  },
];
