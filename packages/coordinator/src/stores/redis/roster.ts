import { MAX_REPORTED_BUFFERS } from '@leafcutter/shared/wire';
import type { Holder } from '../../domain/allocation/range.ts';
import { type FoundRecord, pageOf } from '../../domain/fleet/page-of.ts';
import { fromText, nameOf, placeOf, tagNamed, toText } from '../../domain/fleet/record-text.ts';
import {
  type AgentCounts,
  type AgentPage,
  type AgentQuery,
  type AgentRecord,
  type AgentReport,
  ENTRY_BYTES,
  type Entering,
  GRACE_MS,
  type HolderState,
  isInTrouble,
  MAX_RECORD_BYTES,
  MAX_TROUBLED,
  PAGE,
  type Roster,
  TAG_BYTES,
  type TagSum,
} from '../../domain/fleet/roster.ts';
import type { RedisLink } from './link.ts';

/** How many sums one command reads, and how many are read in all. */
const SUMS_AT_ONCE = 500;
const MAX_SUMS = 20_000;
/** How many agents one script counts as silent, and how many a `settle`. */
const SILENCED_AT_ONCE = 50;
const MAX_SILENCED = 1_000;
const LIMITS = [ENTRY_BYTES, TAG_BYTES, MAX_RECORD_BYTES, MAX_REPORTED_BUFFERS].join(' ');
/** Of the release before, which kept records as JSON: how old its newest one is when none of it can be at work any more. */
const BEQUEATHED_MS = 600_000;

interface Change {
  readonly gone?: readonly string[];
  readonly overdueAtMs?: number;
  readonly reports?: readonly AgentReport[];
}

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
    return (await this.#change({ reports })).slice(1) as Entering[];
  }

  async remove(instanceId: string): Promise<void> {
    await this.#change({ gone: [instanceId] });
  }

  async settle(nowMs: number): Promise<void> {
    for (let silenced = 0; silenced < MAX_SILENCED; silenced += SILENCED_AT_ONCE) {
      const [became] = await this.#change({ overdueAtMs: nowMs });
      if (Number(became) < SILENCED_AT_ONCE) return;
    }
  }

  async reap(seenBeforeMs: number): Promise<number> {
    await this.#forgetBequest(seenBeforeMs - BEQUEATHED_MS);
    const { records, silent } = this.#keys;
    for (;;) {
      const gone = await this.#link.run((redis) =>
        redis.zrangebyscore(silent, '-inf', `(${seenBeforeMs}`, 'LIMIT', 0, PAGE),
      );
      if (gone.length > 0) await this.#change({ gone });
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

  async #instancesOf(agentId: string): Promise<string[]> {
    const place = placeOf(agentId);
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

  async #change({ gone = [], overdueAtMs, reports = [] }: Change): Promise<string[]> {
    const { records, due, silent, troubled, places, sums, bytes } = this.#keys;
    return this.#link.run((redis) =>
      redis.changeAgents(
        ...([records, due, silent, troubled, places, sums, bytes] as const),
        this.#maxBytes,
        LIMITS,
        gone.join(' '),
        overdueAtMs ?? 0,
        overdueAtMs === undefined ? 0 : SILENCED_AT_ONCE,
        reports.map(asArgument).join('\x1e'),
      ),
    );
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

/** A report as `change-agents.lua` takes it. */
function asArgument(report: AgentReport): string {
  const { instanceId, seenAtMs, nextReportMs, revision, changes } = report;
  const { place, rest, rows, isWhole } = toText(report);
  return [
    instanceId,
    place,
    seenAtMs,
    seenAtMs + nextReportMs + GRACE_MS,
    Number(isInTrouble(report)),
    changes?.since ?? '',
    // What was cut is no base for changes.
    isWhole ? revision : 0,
    rest,
    rows.join('\n'),
    (changes?.without ?? []).map(nameOf).join('\t'),
  ].join('\x1f');
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
