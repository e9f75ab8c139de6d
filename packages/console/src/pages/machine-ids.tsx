import type { MachineIdsLive } from '@leafcutter/shared/fleet-views';
import type { LedgerPage } from '@leafcutter/shared/inspection';
import { Fragment } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { dateTime, duration, exactly } from '../format.ts';
import { useSilence } from '../live.ts';
import { AgentName } from '../parts/agent-name.tsx';
import { Badge, Card, Empty, Fact } from '../parts/basics.tsx';
import { useDocument } from '../use-document.ts';
import { useTitle } from '../use-title.ts';

const STATES = {
  f: { name: 'free', tone: 'idle', means: 'can be granted' },
  h: { name: 'held', tone: 'ok', means: 'an agent holds it and is alive' },
  s: { name: 'silent', tone: 'critical', means: 'held, but its agent has not reported' },
  w: { name: 'waiting', tone: 'warning', means: 'its holder is gone; free when its ceiling has passed' },
} as const;
type Letter = keyof typeof STATES;

/** The coordinator looks every two seconds. After this long without a newer look, what is shown is of before. Milliseconds. */
const SILENT_MS = 10_000;

/** Cells in a row on a narrow screen, and half of those on a wide one. */
const HALF_ROW = 16;

/** Cells on one page of the grid. */
const PAGE = 1_024;

/** Every machine id as a cell; one of them in detail. */
export function MachineIdsPage({ live, chosen }: { live: MachineIdsLive; chosen: string | undefined }) {
  const { first, states, timeMs } = live;
  const letters = [...states] as Letter[];
  const selected = chosen === undefined || !/^\d{1,7}$/.test(chosen) ? undefined : Number(chosen);
  const pages = Math.ceil(letters.length / PAGE);
  const [page, setPage] = useState(() => Math.max(0, Math.floor(((selected ?? first) - first) / PAGE)));
  const counts = (letter: Letter) => letters.filter((other) => other === letter).length;
  const isSilent = useSilence(timeMs, SILENT_MS);
  useTitle(...(selected === undefined ? [] : [`Machine id ${selected}`]), 'Machine ids');
  const shown = letters.slice(page * PAGE, (page + 1) * PAGE);
  return (
    <main id="main" tabIndex={-1}>
      <h1>Machine ids</h1>
      {isSilent ? (
        <p class="note unknown">
          The current state of machine ids is unknown, because it takes both stores to determine it. This was
          the state at {dateTime(timeMs)}.
        </p>
      ) : null}
      <dl class="facts card">
        {(Object.keys(STATES) as Letter[]).map((letter) => (
          <Fact key={letter} name={STATES[letter].name} hint={STATES[letter].means}>
            <span class={`cell ${STATES[letter].name}`} aria-hidden="true" /> {exactly(counts(letter))}
          </Fact>
        ))}
      </dl>
      <div class="columns grid-and-detail">
        <Card
          title={`${first + page * PAGE} to ${first + page * PAGE + shown.length - 1}`}
          aside={
            pages > 1 ? (
              <div class="buttons">
                <button type="button" disabled={page === 0} onClick={() => setPage(page - 1)}>
                  Previous
                </button>
                <button type="button" disabled={page === pages - 1} onClick={() => setPage(page + 1)}>
                  Next
                </button>
              </div>
            ) : undefined
          }
        >
          <Grid letters={shown} first={first + page * PAGE} selected={selected} />
        </Card>
        <Card title={selected === undefined ? 'Detail' : `Machine id ${selected}`}>
          {selected === undefined ? (
            <Empty>Choose a cell to see who holds it, its window and its history.</Empty>
          ) : (
            <Detail machineId={selected} letter={letters[selected - first]} nowMs={timeMs} />
          )}
        </Card>
      </div>
    </main>
  );
}

/** Arrow keys move between cells; only one of them is in the order of Tab. */
function Grid({
  letters,
  first,
  selected,
}: {
  letters: readonly Letter[];
  first: number;
  selected: number | undefined;
}) {
  const place = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState(0);
  const start =
    selected === undefined || selected < first || selected >= first + letters.length
      ? focused
      : selected - first;
  useEffect(() => setFocused(start), [start]);
  const move = (event: KeyboardEvent) => {
    const box = place.current;
    if (box === null) return;
    // The first column has the labels of the rows.
    const perRow = Math.max(1, getComputedStyle(box).gridTemplateColumns.split(' ').length - 1);
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -perRow, ArrowDown: perRow }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = Math.min(letters.length - 1, Math.max(0, focused + by));
    setFocused(next);
    box.querySelectorAll('button')[next]?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the buttons inside.
    <div class="grid" ref={place} onKeyDown={move}>
      {letters.map((letter, index) => {
        const machineId = first + index;
        return (
          <Fragment key={machineId}>
            {index % HALF_ROW === 0 ? (
              <span class={index % (2 * HALF_ROW) === 0 ? 'row-label' : 'row-label half'} aria-hidden="true">
                {machineId}
              </span>
            ) : null}
            <button
              type="button"
              class={`cell ${STATES[letter].name}`}
              tabIndex={index === focused ? 0 : -1}
              aria-pressed={machineId === selected}
              aria-label={`Machine id ${machineId}: ${STATES[letter].name}`}
              title={`${machineId}: ${STATES[letter].name}`}
              onFocus={() => setFocused(index)}
              onClick={() => {
                location.hash = `#/machine-ids/${machineId}`;
              }}
            />
          </Fragment>
        );
      })}
    </div>
  );
}

interface LeaseView {
  readonly machineId: number;
  readonly agentId?: string;
  readonly instanceId?: string;
  readonly ceilingMs: number;
}

function Detail({
  machineId,
  letter,
  nowMs,
}: {
  machineId: number;
  letter: Letter | undefined;
  nowMs: number;
}) {
  const lease = useDocument<LeaseView>(`v1/leases/${machineId}`, 5_000);
  const history = useDocument<LedgerPage>(`v1/ledger?machine=${machineId}&order=newest&limit=10`, 5_000);
  if (letter === undefined) return <Empty>This deployment grants no machine id {machineId}.</Empty>;
  if (lease.problem !== undefined) return <p class="note warning">{lease.problem}</p>;
  const { name, tone, means } = STATES[letter];
  const left = ((lease.data?.ceilingMs ?? 0) - nowMs) / 1000;
  return (
    <>
      <dl class="facts">
        <Fact name="State" hint={means}>
          <Badge tone={tone}>{name}</Badge>
        </Fact>
        <Fact name={letter === 'h' || letter === 's' ? 'Held by' : 'Last held by'} isLong>
          {lease.data?.agentId === undefined ? 'nobody yet' : <AgentName agentId={lease.data.agentId} />}
        </Fact>
        <Fact name="Ceiling" hint="Until then its holder may use it in IDs; nobody else may before that">
          {lease.data === undefined || lease.data.ceilingMs === 0
            ? 'never granted'
            : left > 0
              ? `in ${duration(left)}`
              : dateTime(lease.data.ceilingMs)}
        </Fact>
      </dl>
      <h3>Windows</h3>
      {history.data === undefined || history.data.ranges.length === 0 ? (
        <Empty>No window of this machine id has been granted yet.</Empty>
      ) : (
        <ul class="windows">
          {history.data.ranges.map((range) => (
            <li key={range.start}>
              <strong>
                <AgentName agentId={range.agentId} />
              </strong>
              <span>
                {dateTime(Number(range.start))}, for{' '}
                {duration((Number(range.end) - Number(range.start)) / 1000)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
