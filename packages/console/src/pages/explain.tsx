import type { Explanation, LedgerRange } from '@leafcutter/shared/inspection';
import { useEffect, useRef, useState } from 'preact/hooks';
import { dateTime, timeSpan } from '../format.ts';
import { AgentName } from '../parts/agent-name.tsx';
import { Badge, Card, Empty, Fact } from '../parts/basics.tsx';
import { linkTo } from '../route.ts';
import { useDocument } from '../use-document.ts';
import { useTitle } from '../use-title.ts';

const TONES = {
  granted: 'ok',
  lost: 'critical',
  pruned: 'idle',
  unrecorded: 'warning',
  not_granted: 'idle',
  future: 'warning',
} as const;

/** Paste an ID, and read who was given it and when. An ID in a shape means nothing without its tag. */
export function ExplainPage({ asked, ofTag }: { asked: string | undefined; ofTag: string | undefined }) {
  const [text, setText] = useState(asked ?? '');
  const [tag, setTag] = useState(ofTag ?? '');
  const input = useRef<HTMLInputElement>(null);
  useTitle(...(asked === undefined ? [] : [asked]), 'Explain');
  useEffect(() => input.current?.focus(), []);
  const { data, problem } = useDocument<Explanation>(
    asked === undefined
      ? undefined
      : `v1/explain/${encodeURIComponent(asked)}${ofTag === undefined ? '' : `?tag=${encodeURIComponent(ofTag)}`}`,
  );
  return (
    <main id="main" tabIndex={-1}>
      <h1>Explain an ID</h1>
      <form
        class="card ask"
        onSubmit={(event) => {
          event.preventDefault();
          const question = [text, tag].map((part) => part.trim()).filter(Boolean);
          if (text.trim() !== '') location.hash = linkTo('explain', ...question);
        }}
      >
        <label>
          ID
          <input
            ref={input}
            value={text}
            autocomplete="off"
            spellcheck={false}
            placeholder="1234567890123456789"
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <label>
          Tag
          <input
            value={tag}
            autocomplete="off"
            spellcheck={false}
            placeholder="only for IDs with a shape"
            onInput={(event) => setTag(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          Explain
        </button>
      </form>
      <div aria-live="polite">
        {problem === undefined ? null : <p class="note critical">{problem}</p>}
        {data === undefined ? null : <Answer explanation={data} />}
      </div>
      {asked === undefined ? (
        <Empty>
          Enter any ID that this deployment handed out: a number of a tag, a snowflake, or a text in the shape
          of its tag. The ledger knows who got it.
        </Empty>
      ) : null}
    </main>
  );
}

function Answer({ explanation }: { explanation: Explanation }) {
  const { segments, snowflake, more } = explanation;
  return (
    <>
      {segments.map(({ tag, verdict, sentence, range }) => (
        <Card key={tag} title={`A number of ${tag}`} aside={<Badge tone={TONES[verdict]}>{verdict}</Badge>}>
          <p>{sentence}</p>
          {range === null ? null : <Granted range={range} what="Segment" />}
          <p>
            <a href={linkTo('tags', tag)}>Go to {tag}</a>
          </p>
        </Card>
      ))}
      {snowflake === null ? null : (
        <Card title="A snowflake" aside={<Badge tone={TONES[snowflake.verdict]}>{snowflake.verdict}</Badge>}>
          <p>{snowflake.sentence}</p>
          <dl class="facts">
            <Fact name="Time" isLong>
              {dateTime(snowflake.timestampMs)}
            </Fact>
            <Fact name="Machine id">
              <a href={linkTo('machine-ids', String(snowflake.machineId))}>{snowflake.machineId}</a>
            </Fact>
            {snowflake.datacenter === undefined ? null : (
              <Fact name="Datacenter">{snowflake.datacenter}</Fact>
            )}
            <Fact name="Sequence">{snowflake.sequence}</Fact>
          </dl>
          {snowflake.range === null ? null : <Granted range={snowflake.range} what="Window" />}
        </Card>
      )}
      {segments.length === 0 && snowflake === null ? (
        <Empty>No tag was granted this number, and no machine id had a window at its time.</Empty>
      ) : null}
      {more ? (
        <p class="note warning">There are more tags than were searched; use leafcutter explain --tag.</p>
      ) : null}
    </>
  );
}

function Granted({ range, what }: { range: LedgerRange; what: 'Segment' | 'Window' }) {
  return (
    <dl class="facts">
      <Fact name={what} isLong>
        {what === 'Window' ? (
          timeSpan(Number(range.start), Number(range.end))
        ) : (
          <span class="id">
            {range.start} to {range.end}
          </span>
        )}
      </Fact>
      <Fact name="Agent">
        <AgentName agentId={range.agentId} />
      </Fact>
      <Fact name="By coordinator">{range.coordinatorId}</Fact>
      <Fact name="Granted" isLong>
        {dateTime(range.grantedAtMs)}
      </Fact>
      <Fact name="Instance" isLong>
        <span class="id small">{range.instanceId}</span>
      </Fact>
    </dl>
  );
}
