import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { between, freshSeed, seededRandom } from '@leafcutter/agent/fakes/seeded-random';
import {
  type AgentReport,
  ENTRY_BYTES,
  type Roster,
  TAG_BYTES,
} from '@leafcutter/coordinator/domain/fleet/roster';
import { agentRecord } from '@leafcutter/coordinator/fakes/samples';
import type { RedisLink } from '@leafcutter/coordinator/stores/redis/link';
import { RedisRoster } from '@leafcutter/coordinator/stores/redis/roster';
import { bufferView } from '@leafcutter/shared/fakes/samples';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { freshPrefix, openLink } from './backends.ts';

const SCRIPT = readFileSync(
  new URL('../../packages/coordinator/src/stores/redis/lua/change-agents.lua', import.meta.url),
  'utf8',
);

/** What the script looks at before it enters what a coordinator worked out, and the script's text without it. */
const CHECKS = {
  'that its record is the one that was read': ["(texts[n] or '') ~= was or ", ''],
  'that it is alive if it was when it was read': [" or (scores[n] and '1' or '0') ~= was_alive", ''],
  'that no other process of a silent one came': ['is_another(place, true)', 'false'],
  'that no other process of a new one fell silent': ['is_another(place, false)', 'false'],
} as const;

const ROUNDS = 300;
/** Without one of its checks the script was found out after 465 rounds at most, with 100 seeds for each. */
const ROUNDS_OF_CONTROL = 2_000;
const ROUND_MS = 2_000;

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.dispose());

/** What a roster says of each tag, with the agents of which it was added up, and what it takes. */
interface Totals {
  readonly tags: Readonly<
    Record<string, readonly [agents: number, rate: number, waiting: number, failing: boolean]>
  >;
  readonly bytes: number;
  /** Silent processes that stay although their agents have others that are alive. */
  readonly followed: number;
}

/** As the roster keeps them up. */
async function kept(link: RedisLink, roster: Roster): Promise<Totals> {
  const tags: Record<string, Totals['tags'][string]> = {};
  for await (const some of roster.sums())
    for (const { tag, agents, ratePerSecond, waiting, lastError } of some)
      tags[tag] = [agents, ratePerSecond, waiting, lastError !== null];
  const bytes = Number(await link.run((redis) => redis.get(`${link.prefix}{roster}:bytes`)));
  return { tags, bytes, followed: 0 };
}

/** As they are when everything is counted again. */
async function recounted(link: RedisLink, roster: Roster): Promise<Totals> {
  const { agents } = await roster.page({ most: 100 });
  const states = await roster.statesOf(agents);
  const tags: Record<string, [number, number, number, boolean]> = {};
  for (const { tag, ratePerSecond, waiting, lastError } of agents.flatMap((agent, index) =>
    states[index] === 'alive' ? agent.tags : [],
  )) {
    const [count, rate, waiters, failing] = tags[tag] ?? [0, 0, 0, false];
    tags[tag] = [count + 1, rate + ratePerSecond, waiters + waiting, failing || lastError !== null];
  }
  const records = await link.run((redis) => redis.hvals(`${link.prefix}{roster}:records`));
  const entries = records.reduce((sum, text) => sum + Buffer.byteLength(text) + ENTRY_BYTES, 0);
  const bytes = Object.keys(tags).reduce((sum, tag) => sum + tag.length + TAG_BYTES, entries);
  return { tags, bytes, followed: states.filter((state) => state === 'followed').length };
}

/** Makes a coordinator's link enter agents by this script, and counts how often it was told to read again. */
function enterBy(link: RedisLink, lua: string, toldAgain: () => void): Promise<void> {
  return link.run(async (redis) => {
    redis.defineCommand('changeAgents', { numberOfKeys: 7, lua });
    const changeAgents = redis.changeAgents.bind(redis);
    redis.changeAgents = async (...args) => {
      const said = await changeAgents(...args);
      if (said === 'changed') toldAgain();
      return said;
    };
  });
}

/** Any of six processes of three agents, with some of three tags; its next report is due at once. */
function someReport(random: () => number, seenAtMs: number): AgentReport {
  const n = between(random, 1, 6);
  const tags = ['a', 'b', 'c'].flatMap((tag) =>
    random() < 0.5
      ? []
      : bufferView(tag, {
          ratePerSecond: between(random, 1, 1_000),
          waiting: between(random, 0, 9),
          lastError: random() < 0.2 ? 'STORE_UNAVAILABLE' : null,
        }),
  );
  return { ...agentRecord(n, seenAtMs, tags), agentId: `agent-${n % 3}`, nextReportMs: 0 };
}

/**
 * Two coordinators enter reports of the same agents, look for silent ones and take some off, all at once, until the
 * sums are no longer what a recount says, for so many rounds at most.
 */
async function race(lua: string, rounds: number, seed: number) {
  const random = seededRandom(seed);
  const prefix = freshPrefix();
  const links = [await openLink(server, prefix), await openLink(server, prefix)] as const;
  let again = 0;
  for (const link of links) await enterBy(link, lua, () => again++);
  const rosters = links.map((link) => new RedisRoster(link, 1_000_000));
  const [link, roster] = [links[0], rosters[0] as RedisRoster];
  let both: [Totals, Totals] | undefined;
  for (let round = 1; round <= rounds; round++) {
    const nowMs = round * ROUND_MS;
    await Promise.all(
      rosters.flatMap((one) => [
        one.report(Array.from({ length: between(random, 1, 3) }, () => someReport(random, nowMs))),
        random() < 0.7 ? one.settle(nowMs) : one.remove(someReport(random, nowMs).instanceId),
      ]),
    );
    both = [await kept(link, roster), await recounted(link, roster)];
    if (JSON.stringify(sorted(both[0])) !== JSON.stringify(sorted(both[1]))) break;
  }
  for (const one of links) one.close();
  return { kept: both?.[0], recounted: both?.[1], again };
}

function sorted({ tags, ...others }: Totals) {
  return { ...others, tags: Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)) };
}

describe('two coordinators that enter what becomes of the same agents at once', () => {
  const seed = freshSeed();

  test(`keep the sums that a recount has (seed ${seed})`, async () => {
    const { kept, recounted, again } = await race(SCRIPT, ROUNDS, seed);
    expect(kept).toEqual(recounted);
    expect(again).toBeGreaterThan(ROUNDS / 10);
  });

  for (const [check, [text, without]] of Object.entries(CHECKS))
    test(`NEGATIVE CONTROL: do not if the script does not look ${check} (seed ${seed})`, async () => {
      expect(SCRIPT.split(text)).toHaveLength(2);
      const { kept, recounted } = await race(SCRIPT.replace(text, without), ROUNDS_OF_CONTROL, seed);
      expect(kept).not.toEqual(recounted);
    });
});
