import type { FleetAgent, FleetView } from '@leafcutter/shared/fleet-views';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useDocument } from '../use-document.ts';

const PAGE = 100;
const LOOK_EVERY_MS = 5_000;

interface AgentPage {
  readonly agents: readonly FleetAgent[];
  readonly next: string | null;
}

/** Where a page begins, the pages before it, and what is searched. */
interface Place {
  readonly filter: string;
  readonly begins: readonly string[];
}

/**
 * The agents with `filter` in their id, a page at a time. What the stream shows is filtered here if it is all that
 * there is; a larger fleet is searched by its coordinator.
 */
export function useAgents(
  fleet: FleetView,
  filter: string,
): { readonly agents: readonly FleetAgent[]; readonly title: string; readonly buttons: ComponentChildren } {
  const [place, setPlace] = useState<Place>({ filter, begins: [] });
  const begins = place.filter === filter ? place.begins : [];
  const isAll = fleet.agents.length >= fleet.counts.agents;
  const isStreamed = isAll || (filter === '' && begins.length === 0);
  const after = begins.at(-1);
  const query = new URLSearchParams({ limit: String(PAGE), q: filter });
  if (after !== undefined) query.set('after', after);
  const { data } = useDocument<AgentPage>(isAll ? undefined : `v1/agents?${query}`, LOOK_EVERY_MS);
  const agents = isStreamed
    ? fleet.agents.filter(({ agentId }) => agentId.toLowerCase().includes(filter.toLowerCase()))
    : (data?.agents ?? []);
  const next = isAll ? null : (data?.next ?? null);
  const turn = (to: readonly string[]) => setPlace({ filter, begins: to });
  const buttons = isAll ? null : (
    <>
      <button type="button" disabled={begins.length === 0} onClick={() => turn(begins.slice(0, -1))}>
        Previous
      </button>
      <button type="button" disabled={next === null} onClick={() => next !== null && turn([...begins, next])}>
        Next
      </button>
    </>
  );
  const title = isAll ? `Agents (${agents.length})` : `Agents (${agents.length} of ${fleet.counts.agents})`;
  return { agents, title, buttons };
}
