import type { WholeAgentStatus } from '@leafcutter/shared/whole-status';
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
  const live = useLive<WholeAgentStatus>('v1/events', held);
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
        <Workers status={live.data} />
      )}
    </Shell>
  );
}

/** The agent's page. If the service has several workers, it shows the one that is picked. */
function Workers({ status }: { status: WholeAgentStatus }) {
  const [picked, setPicked] = useState(0);
  const workers = status.workers ?? [];
  if (workers.length < 2) return <AgentPage status={status} />;
  return (
    <>
      <nav class="workers" aria-label="Workers">
        {workers.map(({ agentId }, index) => (
          <button
            key={agentId}
            type="button"
            aria-pressed={index === picked}
            onClick={() => setPicked(index)}
          >
            {agentId}
          </button>
        ))}
      </nav>
      <AgentPage status={workers[picked] ?? status} />
    </>
  );
}

const root = document.getElementById('app');
if (root !== null) render(<Console />, root);
