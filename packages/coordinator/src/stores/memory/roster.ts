import type { Clock } from '@leafcutter/shared/clock';
import type { Holder } from '../../domain/allocation/range.ts';
import { recordAfter } from '../../domain/fleet/entering.ts';
import { pageOf } from '../../domain/fleet/page-of.ts';
import { countedOf, fromText, placeOf, rowsOf, tagNamed } from '../../domain/fleet/record-text.ts';
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
  MAX_TROUBLED,
  type Roster,
  TAG_BYTES,
  type TagSum,
} from '../../domain/fleet/roster.ts';
import { addTo, emptySum, type Sum, takeFrom } from '../../domain/fleet/sum.ts';

interface Entry {
  readonly text: string;
  readonly place: string;
  readonly seenAtMs: number;
  /** When it counts as silent. */
  readonly dueAtMs: number;
  readonly isTroubled: boolean;
}

/** The roster in process, for the embedded coordinator. */
export class MemoryRoster implements Roster {
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #agents = new Map<string, Entry>();
  /** Instance ids of those that are not in the sums. */
  readonly #silent = new Set<string>();
  readonly #sums = new Map<string, Sum>();
  /** `place instanceId` of all, in order; undefined after one came or went. */
  #places: readonly string[] | undefined;
  #bytes = 0;
  #watchedUntil = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, maxBytes: number) {
    this.#clock = clock;
    this.#maxBytes = maxBytes;
  }

  async report(reports: readonly AgentReport[]): Promise<Entering[]> {
    return reports.map((report) => this.#enter(report));
  }

  async remove(instanceId: string): Promise<void> {
    this.#forget(instanceId);
  }

  async settle(nowMs: number): Promise<void> {
    const alive = new Set<string>();
    const overdue: [instanceId: string, entry: Entry][] = [];
    for (const [instanceId, entry] of this.#agents) {
      if (this.#silent.has(instanceId)) continue;
      if (entry.dueAtMs < nowMs) overdue.push([instanceId, entry]);
      else alive.add(entry.place);
    }
    for (const [instanceId, { place, text }] of overdue) {
      if (alive.has(place)) this.#forget(instanceId);
      else this.#uncount(instanceId, rowsOf(text));
      if (this.#agents.has(instanceId)) this.#silent.add(instanceId);
    }
  }

  async reap(seenBeforeMs: number): Promise<number> {
    for (const instanceId of this.#silent)
      if ((this.#agents.get(instanceId)?.seenAtMs ?? seenBeforeMs) < seenBeforeMs) this.#forget(instanceId);
    return this.#agents.size;
  }

  async counts(sinceMs: number): Promise<AgentCounts> {
    const seen = [...this.#silent].map((instanceId) => this.#agents.get(instanceId)?.seenAtMs ?? 0);
    const unheard = seen.filter((atMs) => atMs < sinceMs).length;
    return { alive: this.#agents.size - seen.length, silent: seen.length - unheard, unheard };
  }

  async *sums(): AsyncGenerator<readonly TagSum[]> {
    yield [...this.#sums].map(([name, { agents, rate, waiting, lastError, first }]) => ({
      tag: tagNamed(name),
      agents,
      ratePerSecond: rate / 1_000,
      waiting,
      lastError: lastError === null ? null : tagNamed(lastError),
      first,
    }));
  }

  async page(query: AgentQuery): Promise<AgentPage> {
    this.#places ??= [...this.#agents].map(([instanceId, { place }]) => `${place} ${instanceId}`).sort();
    const places = this.#places;
    return pageOf(query, {
      async places(after, most) {
        const from = after === undefined ? 0 : places.findIndex((place) => place > after);
        return from === -1 ? [] : places.slice(from, from + most);
      },
      records: async (instanceIds) => this.#found(instanceIds),
    });
  }

  async read(instanceIds: readonly string[]): Promise<AgentRecord[]> {
    return this.#found(instanceIds).map(({ instanceId, text }) => fromText(instanceId, text));
  }

  async inTrouble(): Promise<AgentRecord[]> {
    const all = [...this.#agents].sort(([, a], [, b]) => a.seenAtMs - b.seenAtMs);
    const silent = all.filter(([instanceId]) => this.#silent.has(instanceId));
    const troubled = all.filter(
      ([instanceId, { isTroubled }]) => isTroubled && !this.#silent.has(instanceId),
    );
    const some = [...silent.slice(0, MAX_TROUBLED), ...troubled.slice(0, MAX_TROUBLED)];
    return this.read(some.map(([instanceId]) => instanceId));
  }

  async processes(agentId: string): Promise<AgentRecord[]> {
    return this.read(this.#instancesOf(agentId));
  }

  async statesOf(holders: readonly Holder[]): Promise<HolderState[]> {
    const isAlive = (id: string) => this.#agents.has(id) && !this.#silent.has(id);
    return holders.map(({ agentId, instanceId }) => {
      if (isAlive(instanceId)) return 'alive';
      return this.#instancesOf(agentId).some(isAlive) ? 'followed' : 'silent';
    });
  }

  #instancesOf(agentId: string): string[] {
    const place = placeOf(agentId);
    return [...this.#agents].filter(([, entry]) => entry.place === place).map(([instanceId]) => instanceId);
  }

  async watch(forMs: number): Promise<void> {
    this.#watchedUntil = this.#clock.monotonic() + forMs;
  }

  async isWatched(): Promise<boolean> {
    return this.#clock.monotonic() < this.#watchedUntil;
  }

  #enter(report: AgentReport): Entering {
    const { instanceId, seenAtMs } = report;
    const before = this.#agents.get(instanceId);
    const after = recordAfter(report, before?.text);
    if (typeof after === 'string') return after;
    const { text } = after;
    const rows = rowsOf(text);
    const place = placeOf(report.agentId);
    const counted = before === undefined || this.#silent.has(instanceId) ? [] : rowsOf(before.text);
    const grows = text.length + (before === undefined ? ENTRY_BYTES : -before.text.length);
    if (grows + this.#roomOfNew(rows) > 0 && this.#bytes + grows + this.#roomOfNew(rows) > this.#maxBytes)
      return 'full';
    this.#uncount(instanceId, counted);
    for (const row of rows) this.#count(row, instanceId, seenAtMs);
    this.#bytes += grows;
    this.#agents.set(instanceId, {
      text,
      place,
      seenAtMs,
      dueAtMs: seenAtMs + report.nextReportMs + GRACE_MS,
      isTroubled: isInTrouble(report),
    });
    this.#silent.delete(instanceId);
    if (before?.place !== place) {
      this.#places = undefined;
      for (const other of this.#silent) if (this.#agents.get(other)?.place === place) this.#forget(other);
    }
    return 'entered';
  }

  #forget(instanceId: string): void {
    const entry = this.#agents.get(instanceId);
    if (entry === undefined) return;
    if (!this.#silent.delete(instanceId)) this.#uncount(instanceId, rowsOf(entry.text));
    this.#agents.delete(instanceId);
    this.#bytes -= entry.text.length + ENTRY_BYTES;
    this.#places = undefined;
  }

  #count(row: string, instanceId: string, seenAtMs: number): void {
    const counted = countedOf(row);
    const { name } = counted;
    const sum = this.#sums.get(name) ?? emptySum();
    if (sum.agents === 0) this.#bytes += name.length + TAG_BYTES;
    addTo(sum, counted, instanceId, seenAtMs);
    this.#sums.set(name, sum);
  }

  #uncount(instanceId: string, rows: readonly string[]): void {
    for (const row of rows) {
      const counted = countedOf(row);
      const { name } = counted;
      const sum = this.#sums.get(name);
      if (sum === undefined) continue;
      takeFrom(sum, counted);
      if (sum.failing === 0) sum.lastError = null;
      if (sum.first?.instanceId === instanceId) sum.first = null;
      if (sum.agents > 0) continue;
      this.#sums.delete(name);
      this.#bytes -= name.length + TAG_BYTES;
    }
  }

  #roomOfNew(rows: readonly string[]): number {
    const names = new Set(rows.map((row) => countedOf(row).name));
    return [...names].reduce((room, name) => room + (this.#sums.has(name) ? 0 : name.length + TAG_BYTES), 0);
  }

  #found(instanceIds: readonly string[]) {
    return instanceIds.flatMap((instanceId) => {
      const entry = this.#agents.get(instanceId);
      return entry === undefined ? [] : [{ instanceId, text: entry.text }];
    });
  }
}
