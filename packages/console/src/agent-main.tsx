import type { AgentStatus } from '@leafcutter/shared/wire';
import { render } from 'preact';
import { useState } from 'preact/hooks';
import { token } from './api.ts';
import { useLive } from './live.ts';
import { AgentPage } from './pages/agent.tsx';
import { Loading } from './parts/basics.tsx';
import { Shell } from './parts/shell.tsx';
import { SignIn } from './parts/sign-in.tsx';
import './style.css';

function Console() {
  const [held, setHeld] = useState(token.get());
  const live = useLive<AgentStatus>('v1/events', held);
  const signOut = () => {
    token.clear();
    setHeld(null);
  };
  return (
    <Shell title="Leafcutter agent" places={[]} state={live.state} problem={live.problem} onSignOut={signOut}>
      {live.state === 'refused' ? (
        <SignIn problem={live.problem} onDone={() => setHeld(token.get())} />
      ) : live.data === undefined ? (
        <Loading />
      ) : (
        <AgentPage status={live.data} />
      )}
    </Shell>
  );
}

const root = document.getElementById('app');
if (root !== null) render(<Console />, root);
