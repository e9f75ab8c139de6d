import { ofTag } from './fleet-view.ts';
import { type AgentRecord, PAGE, type Roster } from './roster.ts';

/** Finds agents while somebody watches something that only they can show. */
export interface Search {
  /** Undefined before the first look. */
  readonly found: readonly AgentRecord[] | undefined;
  /** @throws STORE_UNAVAILABLE */
  look(roster: Pick<Roster, 'read' | 'page' | 'processes'>): Promise<void>;
}

/** Most holders that are found: as many as a page shows. */
const MAX_FOUND = 1_000;

/**
 * Finds the agents that hold a tag. There is no index of them: each look reads those again that it knows, and goes
 * through a further part of the roster, so that a fleet of a thousand agents is seen at once and a larger one within
 * some looks.
 */
export class HolderSearch implements Search {
  readonly #tag: string;
  readonly #isOfTag: (name: string) => boolean;
  #found: ReadonlyMap<string, AgentRecord> | undefined;
  #after: string | undefined;

  constructor(tag: string) {
    this.#tag = tag;
    this.#isOfTag = ofTag(tag);
  }

  get found(): readonly AgentRecord[] | undefined {
    return this.#found && [...this.#found.values()];
  }

  async look(roster: Pick<Roster, 'read' | 'page'>): Promise<void> {
    const known = [...(this.#found?.keys() ?? [])];
    const found = new Map<string, AgentRecord>();
    const keep = (agents: readonly AgentRecord[]) => {
      for (const agent of agents)
        if (found.size < MAX_FOUND && agent.tags.some(({ tag }) => this.#isOfTag(tag)))
          found.set(agent.instanceId, agent);
    };
    for (let from = 0; from < known.length; from += PAGE)
      keep(await roster.read(known.slice(from, from + PAGE)));
    if (found.size < MAX_FOUND) {
      const page = await roster.page({ after: this.#after, most: MAX_FOUND, tag: this.#tag });
      keep(page.agents);
      this.#after = page.next ?? undefined;
    }
    this.#found = found;
  }
}

/** Finds the processes of one agent. */
export class ProcessSearch implements Search {
  readonly #agentId: string;
  found: readonly AgentRecord[] | undefined;

  constructor(agentId: string) {
    this.#agentId = agentId;
  }

  async look(roster: Pick<Roster, 'processes'>): Promise<void> {
    this.found = await roster.processes(this.#agentId);
  }
}
