import type { AgentStatus } from '@leafcutter/shared/wire';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { count, dateTime, duration, offset, rate } from '../format.ts';
import { Badge, Card, Empty, Fact } from './basics.tsx';
import { BufferRow } from './buffer-bar.tsx';

/** Rows of a page; an agent may hold a hundred thousand tags. */
const SHOWN = 200;

/** An agent in a few figures. */
export function AgentFacts({ status, tagCount }: { status: AgentStatus; tagCount: number }) {
  const { tags, clock, instanceId, version } = status;
  return (
    <dl class="facts card">
      <Fact name="IDs issued">{rate(tags.reduce((sum, { ratePerSecond }) => sum + ratePerSecond, 0))}</Fact>
      <Fact name="Tags in memory">{count(tagCount)}</Fact>
      <Fact name="Clock" hint="Difference from the coordinators">
        {clock.skewed ? <Badge tone="critical">{offset(clock.offsetMs)}</Badge> : offset(clock.offsetMs)}
      </Fact>
      <Fact name="Version">{version}</Fact>
      <Fact name="Instance" isLong>
        <span class="id small">{instanceId}</span>
      </Fact>
    </dl>
  );
}

/** Its lease, and how much of the window is left. */
export function Snowflakes({
  snowflake,
  timeMs,
  machineIdsAt,
}: Pick<AgentStatus, 'snowflake' | 'timeMs'> & {
  /** The page of a machine id, if there is one. */
  machineIdsAt?: (machineId: string) => string;
}) {
  if (snowflake === null) return <Empty>Snowflake mode is off; set snowflake.enabled to turn it on.</Empty>;
  const { state, machineId, window, issued, lastError } = snowflake;
  return (
    <dl class="facts">
      <Fact name="Lease">
        <Badge tone={state === 'holding' ? 'ok' : 'warning'}>{state}</Badge>
      </Fact>
      <Fact name="Machine id">
        {machineId === null ? (
          '–'
        ) : machineIdsAt === undefined ? (
          machineId
        ) : (
          <a href={machineIdsAt(String(machineId))}>{machineId}</a>
        )}
      </Fact>
      <Fact name="Issued">{issued.toLocaleString()}</Fact>
      <Fact name="Window ends" isLong>
        {window === null
          ? '–'
          : `in ${duration(Math.max(0, (window.to - timeMs) / 1000))}, ${dateTime(window.to)}`}
      </Fact>
      {lastError === null ? null : (
        <Fact name="Last error">
          <Badge tone="warning">{lastError}</Badge>
        </Fact>
      )}
    </dl>
  );
}

/** The buffers that an agent shows; children say what it means if there are none. */
export function Buffers(props: {
  tags: AgentStatus['tags'];
  tagCount: number;
  /** The page of a tag, if there is one. */
  linkOf?: (tag: string) => string;
  children: ComponentChildren;
}) {
  const { tags, tagCount, linkOf, children } = props;
  const [filter, setFilter] = useState('');
  const found = tags.filter(({ tag }) => tag.toLowerCase().includes(filter.toLowerCase()));
  const shown = found.slice(0, SHOWN);
  return (
    <Card title={`Buffers (${filter === '' ? tagCount : found.length})`}>
      {tags.length > 10 ? (
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
      {shown.length === 0 ? (
        <Empty>{filter === '' ? children : 'No tag name shown here contains this.'}</Empty>
      ) : (
        <ul class="holders">
          {shown.map((buffer) => (
            <li key={buffer.tag} data-tag={buffer.tag}>
              <BufferRow
                name={linkOf === undefined ? buffer.tag : <a href={linkOf(buffer.tag)}>{buffer.tag}</a>}
                buffer={buffer}
              />
            </li>
          ))}
        </ul>
      )}
      {found.length > SHOWN ? <p class="hint">And {found.length - SHOWN} more; filter to see them.</p> : null}
      {tags.length < tagCount ? (
        <p class="hint">
          Reports list {tags.length} of its {tagCount} tags: those in trouble first, then the busiest.
        </p>
      ) : null}
    </Card>
  );
}
