import type { Dependency } from '@leafcutter/shared/dependency';
import type { AgentStatus } from '@leafcutter/shared/wire';
import { useState } from 'preact/hooks';
import { READINESS } from '../api.ts';
import { dateTime, duration, offset, rate } from '../format.ts';
import { Badge, Card, Empty, Fact } from '../parts/basics.tsx';
import { BufferRow } from '../parts/buffer-bar.tsx';
import { useDocument } from '../use-document.ts';

/** Rows of a page; an agent may hold a hundred thousand tags. */
const SHOWN = 200;

/** How often to ask whether the agent is ready, milliseconds. */
const READINESS_MS = 5_000;

/** One agent about itself: its buffers, lease and clock. */
export function AgentPage({ status }: { status: AgentStatus }) {
  const [filter, setFilter] = useState('');
  const { clock, snowflake, timeMs } = status;
  const tags = status.tags.filter(({ tag }) => tag.toLowerCase().includes(filter.toLowerCase()));
  const total = status.tags.reduce((sum, { ratePerSecond }) => sum + ratePerSecond, 0);
  return (
    <main id="main" tabIndex={-1}>
      <h1>{status.agentId}</h1>
      <dl class="facts card roomy">
        <Fact name="IDs drawn">{rate(total)}</Fact>
        <Fact name="Tags in memory">{status.tags.length}</Fact>
        <Fact name="Clock" hint="Difference to the coordinators">
          {clock.skewed ? <Badge tone="critical">{offset(clock.offsetMs)}</Badge> : offset(clock.offsetMs)}
        </Fact>
        <Fact name="Instance">
          <span class="id small">{status.instanceId}</span>
        </Fact>
        <Fact name="Version">{status.version}</Fact>
      </dl>
      <Dependencies timeMs={timeMs} />
      <Card title="Snowflakes">
        <Snowflakes snowflake={snowflake} timeMs={timeMs} />
      </Card>
      <Card title={`Buffers (${tags.length})`}>
        {status.tags.length > 10 ? (
          <label class="filter">
            <span class="unseen">Filter tags by name</span>
            <input
              type="search"
              placeholder="Filter tags"
              value={filter}
              onInput={(event) => setFilter(event.currentTarget.value)}
            />
          </label>
        ) : null}
        {tags.length === 0 ? (
          <Empty>
            No tag is in memory; a tag comes with its first request: curl {location.origin}/v1/ids/TAG
          </Empty>
        ) : (
          <ul class="holders">
            {tags.slice(0, SHOWN).map((buffer) => (
              <li key={buffer.tag} data-tag={buffer.tag}>
                <BufferRow name={buffer.tag} buffer={buffer} />
              </li>
            ))}
          </ul>
        )}
        {tags.length > SHOWN ? <p class="hint">And {tags.length - SHOWN} more; filter to see them.</p> : null}
      </Card>
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
      <dl class="facts roomy">
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

function Snowflakes({ snowflake, timeMs }: Pick<AgentStatus, 'snowflake' | 'timeMs'>) {
  if (snowflake === null) return <Empty>Snowflake mode is off; snowflake.enabled turns it on.</Empty>;
  const { state, machineId, window, issued, lastError } = snowflake;
  return (
    <dl class="facts roomy">
      <Fact name="Lease">
        <Badge tone={state === 'holding' ? 'ok' : 'warning'}>{state}</Badge>
      </Fact>
      <Fact name="Machine id">{machineId ?? '–'}</Fact>
      <Fact name="Window ends">
        {window === null
          ? '–'
          : `in ${duration(Math.max(0, (window.to - timeMs) / 1000))}, ${dateTime(window.to)}`}
      </Fact>
      <Fact name="Issued">{issued.toLocaleString()}</Fact>
      {lastError === null ? null : (
        <Fact name="Last error">
          <Badge tone="warning">{lastError}</Badge>
        </Fact>
      )}
    </dl>
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
