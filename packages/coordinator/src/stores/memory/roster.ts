import type { Clock } from '@leafcutter/shared/clock';
import {
  type AgentRecord,
  ENTRY_BYTES,
  MAX_LISTED_AGENTS,
  type Roster,
  toText,
} from '../../domain/fleet/roster.ts';

/** The roster in process, for the embedded coordinator. */
export class MemoryRoster implements Roster {
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #agents = new Map<string, { readonly seenAtMs: number; readonly text: string }>();
  #bytes = 0;
  #watchedUntil = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, maxBytes: number) {
    this.#clock = clock;
    this.#maxBytes = maxBytes;
  }

  async report(agent: AgentRecord): Promise<boolean> {
    const { instanceId, seenAtMs } = agent;
    const text = toText(agent);
    const grows = text.length + ENTRY_BYTES - this.#roomOf(instanceId);
    if (grows > 0 && this.#bytes + grows > this.#maxBytes) return false;
    this.#bytes += grows;
    this.#agents.set(instanceId, { seenAtMs, text });
    return true;
  }

  async remove(instanceId: string): Promise<void> {
    this.#bytes -= this.#roomOf(instanceId);
    this.#agents.delete(instanceId);
  }

  async list(): Promise<AgentRecord[]> {
    const latest = [...this.#agents.values()].sort((a, b) => b.seenAtMs - a.seenAtMs);
    return latest.slice(0, MAX_LISTED_AGENTS).map(({ text }) => JSON.parse(text) as AgentRecord);
  }

  async reap(seenBeforeMs: number): Promise<number> {
    for (const [instanceId, { seenAtMs }] of this.#agents)
      if (seenAtMs < seenBeforeMs) await this.remove(instanceId);
    return this.#agents.size;
  }

  async watch(forMs: number): Promise<void> {
    this.#watchedUntil = this.#clock.monotonic() + forMs;
  }

  async isWatched(): Promise<boolean> {
    return this.#clock.monotonic() < this.#watchedUntil;
  }

  #roomOf(instanceId: string): number {
    const entry = this.#agents.get(instanceId);
    return entry === undefined ? 0 : entry.text.length + ENTRY_BYTES;
  }
}
