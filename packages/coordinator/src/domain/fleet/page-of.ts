import { agentIdAt, fromText, holds } from './record-text.ts';
import {
  type AgentPage,
  type AgentQuery,
  type AgentRecord,
  MAX_LOOKED_AT,
  MAX_SEARCHED,
  PAGE,
} from './roster.ts';

/** How many ids one call reads of a search, which needs no records of those that do not match. */
const SEARCHED_AT_ONCE = 1_000;

/** A record as a roster found it. */
export interface FoundRecord {
  readonly instanceId: string;
  readonly text: string;
}

/** What a roster reads for a page. */
interface Reads {
  /** The next `place instanceId` in order. */
  places(after: string | undefined, most: number): Promise<readonly string[]>;
  records(instanceIds: readonly string[]): Promise<readonly FoundRecord[]>;
}

/** Reads on from `after`, some agents at a time, until the page is full or has looked at enough. */
export async function pageOf({ after, most, search, tag }: AgentQuery, reads: Reads): Promise<AgentPage> {
  const wanted = search?.toLowerCase();
  const [atOnce, inAll] = wanted === undefined ? [PAGE, MAX_LOOKED_AT] : [SEARCHED_AT_ONCE, MAX_SEARCHED];
  const agents: AgentRecord[] = [];
  let at = after;
  for (let lookedAt = 0; lookedAt < inAll; lookedAt += atOnce) {
    const places = await reads.places(at, atOnce);
    const named = places.filter((place) => isNamed(place, wanted));
    for (let from = 0; from < named.length; from += PAGE) {
      const some = named.slice(from, from + PAGE);
      const found = await reads.records(some.map(instanceIdOf));
      const texts = new Map(found.map(({ instanceId, text }) => [instanceId, text]));
      for (const place of some) {
        const instanceId = instanceIdOf(place);
        const text = texts.get(instanceId);
        if (text === undefined || (tag !== undefined && !holds(text, tag))) continue;
        agents.push(fromText(instanceId, text));
        if (agents.length < most) continue;
        const isLast = place === places.at(-1) && places.length < atOnce;
        return { agents, next: isLast ? null : place };
      }
    }
    at = places.at(-1);
    if (places.length < atOnce || at === undefined) return { agents, next: null };
  }
  return { agents, next: at ?? null };
}

function isNamed(place: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  return agentIdAt(place.slice(0, place.lastIndexOf(' ')))
    .toLowerCase()
    .includes(wanted);
}

function instanceIdOf(place: string): string {
  return place.slice(place.lastIndexOf(' ') + 1);
}
