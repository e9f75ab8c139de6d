import type { FleetView, MachineIdsLive, TagLive } from '@leafcutter/shared/fleet-views';
import { render } from 'preact';
import { useState } from 'preact/hooks';
import { token } from './api.ts';
import { type Live, useLive } from './live.ts';
import { ExplainPage } from './pages/explain.tsx';
import { FleetPage } from './pages/fleet.tsx';
import { MachineIdsPage } from './pages/machine-ids.tsx';
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
] as const;

/** The live data that each place shows. The fleet's stream also tells every place whether the service is there. */
function streamOf(place: string | undefined, name: string | undefined): string {
  if (place === 'tags' && name !== undefined) return `v1/events?tag=${encodeURIComponent(name)}`;
  return place === 'machine-ids' ? 'v1/events?view=machine-ids' : 'v1/events';
}

function Console() {
  const [place, name, ofTag] = useRoute();
  const [held, setHeld] = useState(token.get());
  const live = useLive<FleetView | TagLive | MachineIdsLive>(streamOf(place, name), held);
  const isPlace = (candidate: string | undefined) =>
    candidate === place || (candidate === undefined && (place === undefined || place === 'tags'));
  return (
    <Shell
      title="Leafcutter"
      places={PLACES.map(({ place: to, label }) => ({
        href: to === undefined ? linkTo() : linkTo(to),
        label,
        isHere: isPlace(to),
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
        <Place place={place} name={name} ofTag={ofTag} live={live} />
      )}
    </Shell>
  );
}

function Place(props: {
  place: string | undefined;
  name: string | undefined;
  /** For an ID to explain. */
  ofTag: string | undefined;
  live: Live<FleetView | TagLive | MachineIdsLive>;
}) {
  const { place, name, ofTag, live } = props;
  const { data } = live;
  if (place === 'explain') return <ExplainPage key={`${name} ${ofTag}`} asked={name} ofTag={ofTag} />;
  if (place === 'tags' && name !== undefined)
    return <TagPage key={name} tag={name} live={live as Live<TagLive>} />;
  if (place === 'machine-ids')
    return data !== undefined && 'states' in data ? (
      <MachineIdsPage live={data} chosen={name} />
    ) : (
      <Loading />
    );
  return data !== undefined && 'health' in data ? <FleetPage fleet={data} /> : <Loading />;
}

const root = document.getElementById('app');
if (root !== null) render(<Console />, root);
