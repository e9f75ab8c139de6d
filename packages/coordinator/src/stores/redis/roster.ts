import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Holder } from '../../domain/allocation/range.ts';
import { recordAfter } from '../../domain/fleet/entering.ts';
import { type FoundRecord, pageOf } from '../../domain/fleet/page-of.ts';
import { fromText, placeOf, tagNamed } from '../../domain/fleet/record-text.ts';
import {
  type AgentCounts,
  type AgentPage,
  type AgentQuery,
  type AgentRecord,
  type AgentReport,
  ENTRY_BYTES,
  type Entering,
  type HolderState,
  MAX_TROUBLED,
  PAGE,
  type Roster,
  TAG_BYTES,
  type TagSum,
} from '../../domain/fleet/roster.ts';
import { AgentChanges, isAlive, type KeptAgent } from './agent-changes.ts';
import type { RedisLink } from './link.ts';

/** How many sums one command reads, and how many are read in all. */
const SUMS_AT_ONCE = 500;
const MAX_SUMS = 20_000;
/** How many agents one script counts as silent, and how many a `settle`. */
const SILENCED_AT_ONCE = 50;
const MAX_SILENCED = 1_000;
/** How many agents one script changes; reports of agents that were restarted forget their silent processes, too. */
const MAX_CHANGED = 500;
/** How often agents are read again that somebody else changed meanwhile. */
const MAX_TRIES = 5;
/** Of the release before, which kept records as JSON: how old its newest one is when none of it can be at work any more. */
const BEQUEATHED_MS = 600_000;

/**
 * The roster as a hash, instance id to record, with sorted sets of who is alive, silent and in trouble, one of all in
 * their order, and a hash of the sums. One script changes them all. While it is watched, there is a key with a TTL.
 */
export class RedisRoster implements Roster {
  readonly #link: RedisLink;
  readonly #maxBytes: number;

  constructor(link: RedisLink, maxBytes: number) {
    this.#link = link;
    this.#maxBytes = maxBytes;
  }

  async report(reports: readonly AgentReport[]): Promise<Entering[]> {
    const entered = await this.#change(
      reports.map(({ instanceId }) => instanceId),
      (changes) => this.#enter(reports, changes),
    );
    if (entered !== undefined) return entered;
    if (reports.length === 1) return ['full'];
    const half = reports.length >> 1;
    return [...(await this.report(reports.slice(0, half))), ...(await this.report(reports.slice(half)))];
  }

  async remove(instanceId: string): Promise<void> {
    await this.#forget([instanceId]);
  }

  async settle(nowMs: number): Promise<void> {
    for (let silenced = 0; silenced < MAX_SILENCED; silenced += SILENCED_AT_ONCE) {
      const overdue = await this.#link.run((redis) =>
        redis.zrangebyscore(this.#keys.due, '-inf', `(${nowMs}`, 'LIMIT', 0, SILENCED_AT_ONCE),
      );
      await this.#silence(overdue, nowMs);
      if (overdue.length < SILENCED_AT_ONCE) return;
    }
  }

  async reap(seenBeforeMs: number): Promise<number> {
    await this.#forgetBequest(seenBeforeMs - BEQUEATHED_MS);
    const { records, silent } = this.#keys;
    for (;;) {
      const gone = await this.#link.run((redis) =>
        redis.zrangebyscore(silent, '-inf', `(${seenBeforeMs}`, 'LIMIT', 0, PAGE),
      );
      await this.#forget(gone);
      if (gone.length < PAGE) break;
    }
    return this.#link.run((redis) => redis.hlen(records));
  }

  async counts(sinceMs: number): Promise<AgentCounts> {
    const keys = this.#keys;
    const [alive, silent, unheard] = await Promise.all([
      this.#link.run((redis) => redis.zcard(keys.due)),
      this.#link.run((redis) => redis.zcount(keys.silent, sinceMs, '+inf')),
      this.#link.run((redis) => redis.zcount(keys.silent, '-inf', `(${sinceMs}`)),
    ]);
    return { alive, silent, unheard };
  }

  async *sums(): AsyncGenerator<readonly TagSum[]> {
    const { sums } = this.#keys;
    let cursor = '0';
    for (let read = 0; read < MAX_SUMS; ) {
      const [next, fields] = await this.#link.run((redis) =>
        redis.hscan(sums, cursor, 'COUNT', SUMS_AT_ONCE),
      );
      const some: TagSum[] = [];
      for (let at = 0; at < fields.length; at += 2) some.push(sumOf(fields[at] ?? '', fields[at + 1] ?? ''));
      yield some;
      read += some.length;
      cursor = next;
      if (cursor === '0') return;
    }
  }

  async page(query: AgentQuery): Promise<AgentPage> {
    const { places } = this.#keys;
    return pageOf(query, {
      places: (after, most) =>
        this.#link.run((redis) =>
          redis.zrangebylex(places, after === undefined ? '-' : `(${after}`, '+', 'LIMIT', 0, most),
        ),
      records: (instanceIds) => this.#records(instanceIds),
    });
  }

  async read(instanceIds: readonly string[]): Promise<AgentRecord[]> {
    return (await this.#records(instanceIds)).map(({ instanceId, text }) => fromText(instanceId, text));
  }

  async inTrouble(): Promise<AgentRecord[]> {
    const { silent, troubled } = this.#keys;
    const first = (key: string) =>
      this.#link.run((redis) => redis.zrange(key, '0', String(MAX_TROUBLED - 1)));
    return this.read((await Promise.all([first(silent), first(troubled)])).flat());
  }

  async processes(agentId: string): Promise<AgentRecord[]> {
    return this.read(await this.#instancesOf(agentId));
  }

  async statesOf(holders: readonly Holder[]): Promise<HolderState[]> {
    const alive = await this.#alive(holders.map(({ instanceId }) => instanceId));
    return Promise.all(
      holders.map(async ({ agentId }, index) => {
        if (alive[index] === true) return 'alive';
        return (await this.#alive(await this.#instancesOf(agentId))).includes(true) ? 'followed' : 'silent';
      }),
    );
  }

  /** Of each instance, whether it is alive. */
  async #alive(instanceIds: readonly string[]): Promise<boolean[]> {
    if (instanceIds.length === 0) return [];
    const scores = await this.#link.run((redis) => redis.zmscore(this.#keys.due, ...instanceIds));
    return scores.map((score) => score !== null);
  }

  #instancesOf(agentId: string): Promise<string[]> {
    return this.#instancesAt(placeOf(agentId));
  }

  async #instancesAt(place: string): Promise<string[]> {
    const [from, to] = [`[${place} `, `(${place}!`];
    const found = await this.#link.run((redis) =>
      redis.zrangebylex(this.#keys.places, from, to, 'LIMIT', 0, PAGE),
    );
    return found.map((member) => member.slice(place.length + 1));
  }

  async watch(forMs: number): Promise<void> {
    await this.#link.run((redis) => redis.set(this.#watchKey, '1', 'PX', forMs));
  }

  async isWatched(): Promise<boolean> {
    return (await this.#link.run((redis) => redis.exists(this.#watchKey))) === 1;
  }

  /** Puts what is reported into the changes. */
  async #enter(reports: readonly AgentReport[], changes: AgentChanges): Promise<Entering[]> {
    let room = this.#maxBytes - Number(await this.#link.run((redis) => redis.get(this.#keys.bytes)));
    const entered = reports.map((report): Entering => {
      const before = changes.of(report.instanceId).text;
      const after = recordAfter(report, before === '' ? undefined : before);
      if (typeof after === 'string') return after;
      const grows =
        Buffer.byteLength(after.text) - (before === '' ? -ENTRY_BYTES : Buffer.byteLength(before));
      if (grows > 0 && grows > room) return 'full';
      room -= grows;
      changes.enter(report, after.text);
      return 'entered';
    });
    for (const others of await this.#othersAt(changes.newPlaces(), changes))
      for (const other of others) if (!isAlive(changes.of(other))) changes.forget(other);
    return entered;
  }

  /** Counts them as silent if they still are overdue, and forgets those of whose agent another process is alive. */
  async #silence(instanceIds: readonly string[], nowMs: number): Promise<void> {
    await this.#change(instanceIds, async (changes) => {
      const overdue = instanceIds.filter((id) => (changes.of(id).dueAtMs ?? nowMs) < nowMs);
      const others = await this.#othersAt(changes.placesOf(overdue), changes);
      for (const [index, id] of overdue.entries()) {
        const isFollowed = others[index]?.some((other) => other !== id && isAlive(changes.of(other)));
        if (isFollowed === true || changes.of(id).text === '') changes.forget(id);
        else changes.silence(id);
      }
    });
  }

  async #forget(instanceIds: readonly string[]): Promise<void> {
    await this.#change(instanceIds, async (changes) => {
      for (const instanceId of instanceIds) changes.forget(instanceId);
    });
  }

  /**
   * Changes agents as `decide` says, which is asked again if somebody else changed one of them meanwhile. Undefined if
   * they have no room, or are too many at once.
   */
  async #change<T>(
    instanceIds: readonly string[],
    decide: (changes: AgentChanges) => Promise<T>,
  ): Promise<T | undefined> {
    const { records, due, silent, troubled, places, sums, bytes } = this.#keys;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const changes = new AgentChanges(await this.#kept(instanceIds));
      const decided = await decide(changes);
      if (changes.size > MAX_CHANGED) return undefined;
      if (changes.size === 0) return decided;
      const said = await this.#link.run((redis) =>
        redis.changeAgents(
          ...([records, due, silent, troubled, places, sums, bytes] as const),
          ...([this.#maxBytes, ENTRY_BYTES, TAG_BYTES] as const),
          ...changes.asArguments(),
        ),
      );
      if (said !== 'changed') return said === 'entered' ? decided : undefined;
    }
    throw new LeafcutterError('STORE_UNAVAILABLE', 'Others change the same agents all the time.', {
      reason: 'redis',
    });
  }

  /** Agents as the roster has them, by instance id. */
  async #kept(instanceIds: readonly string[]): Promise<Map<string, KeptAgent>> {
    if (instanceIds.length === 0) return new Map();
    const { records, due } = this.#keys;
    const [texts, dueAt] = await this.#link.run((redis) =>
      Promise.all([redis.hmget(records, ...instanceIds), redis.zmscore(due, ...instanceIds)]),
    );
    return new Map(
      instanceIds.map((instanceId, index) => {
        const score = dueAt[index] ?? null;
        return [
          instanceId,
          { text: texts[index] ?? '', dueAtMs: score === null ? undefined : Number(score) },
        ];
      }),
    );
  }

  /** The processes that stand at each of the places, of which the changes then know. */
  async #othersAt(places: readonly string[], changes: AgentChanges): Promise<string[][]> {
    const others = await Promise.all(places.map((place) => this.#instancesAt(place)));
    changes.know(await this.#kept([...new Set(others.flat())].filter((id) => !changes.knows(id))));
    return others;
  }

  async #records(instanceIds: readonly string[]): Promise<FoundRecord[]> {
    if (instanceIds.length === 0) return [];
    const { records } = this.#keys;
    const texts = await this.#link.run((redis) => redis.hmget(records, ...instanceIds));
    return instanceIds.flatMap((instanceId, index) => {
      const text = texts[index] ?? null;
      return text === null ? [] : [{ instanceId, text }];
    });
  }

  /** What the release before this one kept. A release later nobody can have it any more. */
  async #forgetBequest(beforeMs: number): Promise<void> {
    const [seen, ...others] = ['seen', 'records', 'bytes'].map(
      (name) => `${this.#link.prefix}{agents}:${name}`,
    );
    if (seen === undefined) return;
    const [, newest] = await this.#link.run((redis) => redis.zrevrange(seen, 0, 0, 'WITHSCORES'));
    if (newest !== undefined && Number(newest) < beforeMs)
      await this.#link.run((redis) => redis.unlink(seen, ...others));
  }

  /** The braces put them into one slot of a Redis Cluster, as the script needs. */
  get #keys() {
    const key = (name: string) => `${this.#link.prefix}{roster}:${name}`;
    return {
      records: key('records'),
      due: key('due'),
      silent: key('silent'),
      troubled: key('troubled'),
      places: key('places'),
      sums: key('sums'),
      bytes: key('bytes'),
    };
  }

  /** The same in every release, so that agents of all coordinators report to whoever looks. */
  get #watchKey(): string {
    return `${this.#link.prefix}{agents}:watched`;
  }
}

function sumOf(name: string, text: string): TagSum {
  const [agents, rate, waiting, , code = '-', out = '-', instanceId = ''] = text.split(' ');
  return {
    tag: tagNamed(name),
    agents: Number(agents),
    ratePerSecond: Number(rate) / 1_000,
    waiting: Number(waiting),
    lastError: code === '-' ? null : tagNamed(code),
    first: out === '-' ? null : { instanceId, atMs: Number(out) },
  };
}
