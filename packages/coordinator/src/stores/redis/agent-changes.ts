import { headOf, rowsOf } from '../../domain/fleet/record-text.ts';
import { type AgentReport, GRACE_MS, isInTrouble } from '../../domain/fleet/roster.ts';
import { SumChanges } from '../../domain/fleet/sum-changes.ts';

/** An agent as the roster has it. */
export interface KeptAgent {
  /** Its record; empty if there is none. */
  readonly text: string;
  /** When it counts as silent, unix milliseconds; undefined if it does. */
  readonly dueAtMs: number | undefined;
}

interface Entry extends KeptAgent {
  readonly isTroubled?: boolean;
}

const NOBODY: KeptAgent = { text: '', dueAtMs: undefined };

/** Whether the agent is in the sums. */
export function isAlive({ dueAtMs }: KeptAgent): boolean {
  return dueAtMs !== undefined;
}

/**
 * What changes for some agents, put together from what was read of them, so that the script that enters it has nothing
 * to work out: it only looks whether they still are as they were read.
 */
export class AgentChanges {
  readonly #kept: Map<string, KeptAgent>;
  readonly #after = new Map<string, Entry>();

  /** By instance id, what was read. */
  constructor(kept: ReadonlyMap<string, KeptAgent>) {
    this.#kept = new Map(kept);
  }

  /** Takes note of what was read of further agents. */
  know(kept: ReadonlyMap<string, KeptAgent>): void {
    for (const [instanceId, agent] of kept) this.#kept.set(instanceId, agent);
  }

  knows(instanceId: string): boolean {
    return this.#kept.has(instanceId);
  }

  /** How the agent will be. */
  of(instanceId: string): KeptAgent {
    return this.#after.get(instanceId) ?? this.#before(instanceId);
  }

  enter(report: AgentReport, text: string): void {
    const dueAtMs = report.seenAtMs + report.nextReportMs + GRACE_MS;
    this.#after.set(report.instanceId, { text, dueAtMs, isTroubled: isInTrouble(report) });
  }

  silence(instanceId: string): void {
    this.#after.set(instanceId, { text: this.#before(instanceId).text, dueAtMs: undefined });
  }

  forget(instanceId: string): void {
    this.#after.set(instanceId, NOBODY);
  }

  /** Where agents stand that stood elsewhere before, or nowhere. */
  newPlaces(): string[] {
    return [...this.#after].flatMap(([instanceId, { text }]) => {
      const { place } = headOf(text);
      return place === headOf(this.#before(instanceId).text).place ? [] : [place];
    });
  }

  placesOf(instanceIds: readonly string[]): string[] {
    return instanceIds.map((instanceId) => headOf(this.of(instanceId).text).place);
  }

  get size(): number {
    return this.#after.size;
  }

  /** As `change-agents.lua` takes them: how many agents, their fields, and those of the tags. */
  asArguments(): (string | number)[] {
    const sums = new SumChanges();
    const fields: (string | number)[] = [this.#after.size];
    for (const [instanceId, agent] of this.#after) {
      const before = this.#before(instanceId);
      const [is, was] = [headOf(agent.text), headOf(before.text)];
      sums.replace(instanceId, rowsIf(before), rowsIf(agent), Number(is.seenAtMs));
      fields.push(instanceId, before.text, Number(isAlive(before)), agent.text, is.place, was.place);
      fields.push(is.seenAtMs, agent.dueAtMs ?? '', Number(agent.isTroubled ?? false));
    }
    for (const [tag, change] of sums.tags) {
      const { agents, rate, waiting, failing, lastError, first, left } = change;
      fields.push(tag, agents, rate, waiting, failing, lastError ?? '');
      fields.push(first === null ? '' : Math.round(first.atMs), first?.instanceId ?? '', left.join(' '));
    }
    return fields;
  }

  #before(instanceId: string): KeptAgent {
    return this.#kept.get(instanceId) ?? NOBODY;
  }
}

/** What of the agent is in the sums. */
function rowsIf(agent: KeptAgent): string[] {
  return isAlive(agent) ? rowsOf(agent.text) : [];
}
