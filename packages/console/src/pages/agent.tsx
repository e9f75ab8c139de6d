import type { Dependency } from '@leafcutter/shared/dependency';
import type { AgentStatus } from '@leafcutter/shared/wire';
import { useState } from 'preact/hooks';
import { READINESS } from '../api.ts';
import { dateTime, duration } from '../format.ts';
import { AgentFacts, Buffers, Snowflakes } from '../parts/agent-status.tsx';
import { Badge, Card, Fact } from '../parts/basics.tsx';
import { useDocument } from '../use-document.ts';
import { useTitle } from '../use-title.ts';

/** How often to ask whether the agent is ready, milliseconds. */
const READINESS_MS = 5_000;

/** One agent about itself: its buffers, lease and clock. */
export function AgentPage({ status }: { status: AgentStatus }) {
  const { agentId, snowflake, tags, timeMs } = status;
  useTitle(agentId, 'Agent');
  return (
    <main id="main" tabIndex={-1}>
      <h1>{agentId}</h1>
      <AgentFacts status={status} tagCount={tags.length} />
      <Dependencies timeMs={timeMs} />
      <Card title="Snowflakes">
        <Snowflakes snowflake={snowflake} timeMs={timeMs} />
      </Card>
      <Buffers tags={tags} tagCount={tags.length}>
        No tag is in memory; a tag comes with its first request: curl {location.origin}/v1/ids/TAG
      </Buffers>
      <Decode />
    </main>
  );
}

/** What the agent depends on, and why that is not well; the log has the words. */
function Dependencies({ timeMs }: Pick<AgentStatus, 'timeMs'>) {
  const { data } = useDocument<{ readonly dependencies: readonly Omit<Dependency, 'words'>[] }>(
    READINESS,
    READINESS_MS,
  );
  if (data === undefined || data.dependencies.length === 0) return null;
  return (
    <Card title="Depends on">
      <dl class="facts">
        {data.dependencies.map(({ name, state, ok, sinceMs, reason }) => (
          <Fact key={name} name={name}>
            <Badge tone={ok ? 'ok' : 'critical'}>{state}</Badge>
            <span class="hint">
              {` for ${duration(Math.max(0, Math.round((timeMs - sinceMs) / 1_000)))}`}
              {reason === null ? '' : `: ${reason}`}
            </span>
          </Fact>
        ))}
      </dl>
    </Card>
  );
}

interface Decoded {
  readonly time: string;
  readonly timestampMs: number;
  readonly machineId: number;
  readonly sequence: number;
}

function Decode() {
  const [text, setText] = useState('');
  const [asked, setAsked] = useState<string>();
  const { data, problem } = useDocument<Decoded>(
    asked === undefined ? undefined : `v1/decode/${encodeURIComponent(asked)}`,
  );
  return (
    <Card title="Decode a snowflake ID">
      <form
        class="ask"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== '') setAsked(text.trim());
        }}
      >
        <label>
          ID
          <input
            value={text}
            inputMode="numeric"
            autocomplete="off"
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Decode</button>
      </form>
      <div aria-live="polite">
        {problem === undefined ? null : <p class="note critical">{problem}</p>}
        {data === undefined ? null : (
          <dl class="facts">
            <Fact name="Time">{dateTime(data.timestampMs)}</Fact>
            <Fact name="Machine id">{data.machineId}</Fact>
            <Fact name="Sequence">{data.sequence}</Fact>
          </dl>
        )}
      </div>
    </Card>
  );
}
