import type { AgentLive, FleetView, MachineIdsLive, TagLive } from '@leafcutter/shared/fleet-views';
import { render } from 'preact';
import { useState } from 'preact/hooks';
import { token } from './api.ts';
import { type Live, useLive } from './live.ts';
import { ChangesPage, wantedIn } from './pages/changes.tsx';
import { ExplainPage } from './pages/explain.tsx';
import { FleetPage } from './pages/fleet.tsx';
import { FleetAgentPage } from './pages/fleet-agent.tsx';
import { MachineIdsPage } from './pages/machine-ids.tsx';
import { NotFoundPage } from './pages/not-found.tsx';
import { TagPage } from './pages/tag.tsx';
import { Loading } from './parts/basics.tsx';
import { Shell } from './parts/shell.tsx';
import { SignIn } from './parts/sign-in.tsx';
import { linkTo, useRoute } from './route.ts';
import './style.css';

const PLACES = [
  { place: undefined, label: 'Fleet' },
  { place: 'machine-ids', label: 'Machine ids' },
  { place: 'explain', label: 'Explain' },
  { place: 'changes', label: 'Changes' },
] as const;

/** Places that are reached from the fleet's page. */
const OF_FLEET = new Set([undefined, 'tags', 'agents']);

type Event = FleetView | TagLive | AgentLive | MachineIdsLive;

/** The live data that each place shows. The fleet's stream also tells every place whether the service is there. */
function streamOf(place: string | undefined, name: string | undefined): string {
  if (place === 'tags' && name !== undefined) return `v1/events?tag=${encodeURIComponent(name)}`;
  if (place === 'agents' && name !== undefined) return `v1/events?agent=${encodeURIComponent(name)}`;
  return place === 'machine-ids' ? 'v1/events?view=machine-ids' : 'v1/events';
}

function Console() {
  const route = useRoute();
  const [place, name] = route;
  const [held, setHeld] = useState(token.get());
  const live = useLive<Event>(streamOf(place, name), held);
  return (
    <Shell
      title="Leafcutter"
      places={PLACES.map(({ place: to, label }) => ({
        href: to === undefined ? linkTo() : linkTo(to),
        label,
        isHere: to === place || (to === undefined && OF_FLEET.has(place)),
      }))}
      state={live.state}
      problem={live.problem}
      onSignOut={() => {
        token.clear();
        setHeld(null);
      }}
    >
      {live.state === 'refused' ? (
        <SignIn problem={live.problem} onDone={() => setHeld(token.get())} />
      ) : (
        <Place route={route} live={live} />
      )}
    </Shell>
  );
}

function Place({ route, live }: { route: readonly string[]; live: Live<Event> }) {
  const [place, name, ofTag, ...more] = route;
  const { data } = live;
  if (place === 'explain' && more.length === 0)
    return <ExplainPage key={`${name} ${ofTag}`} asked={name} ofTag={ofTag} />;
  if (place === 'changes') {
    const wanted = wantedIn(route.slice(1));
    return wanted === undefined ? <NotFoundPage /> : <ChangesPage key={route.join('/')} wanted={wanted} />;
  }
  if (ofTag !== undefined) return <NotFoundPage />;
  if (place === 'tags' && name !== undefined)
    return <TagPage key={name} tag={name} live={live as Live<TagLive>} />;
  if (place === 'agents' && name !== undefined)
    return <FleetAgentPage key={name} agentId={name} live={live as Live<AgentLive>} />;
  if (place === 'machine-ids')
    return data !== undefined && 'states' in data ? (
      <MachineIdsPage live={data} chosen={name} />
    ) : (
      <Loading />
    );
  if (place !== undefined) return <NotFoundPage />;
  return data !== undefined && 'health' in data ? <FleetPage fleet={data} /> : <Loading />;
}

const root = document.getElementById('app');
if (root !== null) render(<Console />, root);
