import { datedName, dateToken, templateOf, zoneOf } from '@leafcutter/shared/dated';
import type { TagLive } from '@leafcutter/shared/fleet-views';
import type { LedgerPage } from '@leafcutter/shared/inspection';
import type { ComparedTag, TagList, TagView } from '@leafcutter/shared/wire';
import { useState } from 'preact/hooks';
import { ago, count, dateTime, dayText, duration, rate } from '../format.ts';
import type { Live } from '../live.ts';
import { AgentName } from '../parts/agent-name.tsx';
import { Badge, Card, Empty, Fact, Loading, Table } from '../parts/basics.tsx';
import { BufferRow } from '../parts/buffer-bar.tsx';
import { Chart, type Point } from '../parts/chart.tsx';
import { useRange } from '../parts/ranges.tsx';
import { useRates } from '../parts/rates.ts';
import { EditTag, RetireTag } from '../parts/tag-dialogs.tsx';
import { linkTo } from '../route.ts';
import { useDocument } from '../use-document.ts';
import { useTitle } from '../use-title.ts';
import { linkToChanges } from './changes.tsx';

const LEDGER_EVERY_MS = 5_000;
const LEDGER_SHOWN = 12;
/** A number with more digits than this takes the room of two figures. */
const LONG_DIGITS = 15;

/** One tag: every agent's two segments, rate and step over time, the newest ledger entries, and its settings. */
export function TagPage({ tag, live }: { tag: string; live: Live<TagLive> }) {
  const [dialog, setDialog] = useState<'edit' | 'retire'>();
  const ledger = useDocument<LedgerPage>(
    `v1/ledger?tag=${encodeURIComponent(tag)}&order=newest&limit=100`,
    LEDGER_EVERY_MS,
  );
  const event = live.data?.tag === tag ? live.data : undefined;
  const isListed = event === undefined || event.view !== null;
  const compared = useDocument<ComparedTag>(
    `v1/tags/${encodeURIComponent(tag)}`,
    isListed ? undefined : LEDGER_EVERY_MS,
  );
  const rates = useRates(tag, event);
  const { rangeMs, buttons } = useRange();
  useTitle(tag, 'Tag');
  if (event === undefined) return <Loading />;
  const { holders, timeMs } = event;
  // Coordinators watch so many tags and no more; of any other the store tells when it is asked.
  const view = event.view ?? (compared.problem === undefined ? (compared.data ?? null) : null);
  if (compared.code === 'TAG_UNKNOWN' && holders.length === 0 && ledger.data?.ranges.length === 0) {
    return (
      <main id="main" tabIndex={-1}>
        <h1>{tag}</h1>
        <Empty>
          There is no tag with this name. <a href="#/">Back to the fleet</a>
        </Empty>
      </main>
    );
  }
  const isTemplate = dateToken(tag) !== undefined;
  const ranges = ledger.data?.ranges ?? [];
  const steps = ranges
    .map(({ grantedAtMs, start, end }): Point => [grantedAtMs, Number(BigInt(end) - BigInt(start))])
    .sort(([a], [b]) => a - b);
  const lastStep = steps.at(-1)?.[1];
  return (
    <main id="main" tabIndex={-1}>
      <div class="page-head">
        <h1>{tag}</h1>
        {view?.state === 'retired' ? <Badge tone="idle">retired</Badge> : null}
        <div class="buttons">
          <a href={linkToChanges({ tag })}>Who changed it</a>
          {view?.state === 'active' ? (
            <>
              <button type="button" onClick={() => setDialog('edit')}>
                Change
              </button>
              <button type="button" class="danger" onClick={() => setDialog('retire')}>
                Retire
              </button>
            </>
          ) : null}
        </div>
      </div>
      {view?.description ? <p>{view.description}</p> : null}
      {compared.data?.warnings.map(({ code, message }) => (
        <p key={code} class="note warning">
          {message}
        </p>
      ))}
      {view === null && compared.problem !== undefined ? (
        <p class="note unknown">How this tag stands is unknown: {compared.problem}</p>
      ) : null}
      <Facts
        view={view}
        ratePerSecond={event.ratePerSecond}
        zone={isTemplate ? (zoneOf(tag) ?? 'UTC') : undefined}
      />
      {isTemplate ? <Days template={tag} nowMs={timeMs} /> : null}
      <Card title={`Buffers (${holders.length})`}>
        <Holders holders={holders} tag={tag} nowMs={timeMs} />
      </Card>
      <div class="columns">
        <Card title="Rate" aside={buttons}>
          <Chart
            label={`IDs per second of ${tag}`}
            unit="IDs/s"
            points={rates}
            nowMs={timeMs}
            rangeMs={rangeMs}
          />
        </Card>
        {isTemplate ? null : (
          <Card title="Step">
            <Chart
              label={`Size of the segments of ${tag}`}
              unit="IDs"
              points={lastStep === undefined ? steps : [...steps, [timeMs, lastStep]]}
              nowMs={timeMs}
              rangeMs={rangeMs}
              kind="steps"
            />
          </Card>
        )}
      </div>
      {isTemplate ? null : (
        <Card title="Newest ledger entries">
          {ledger.problem !== undefined ? <p class="note warning">{ledger.problem}</p> : null}
          <Ledger ranges={ranges} />
        </Card>
      )}
      {dialog === 'edit' && view !== null ? (
        <EditTag view={view} onClose={() => setDialog(undefined)} />
      ) : null}
      {dialog === 'retire' ? <RetireTag tag={tag} onClose={() => setDialog(undefined)} /> : null}
    </main>
  );
}

/** `zone`: that of a template's days. It hands out nothing itself, so what is left is told of each day. */
function Facts({
  view,
  ratePerSecond,
  zone,
}: Pick<TagLive, 'view' | 'ratePerSecond'> & { zone: string | undefined }) {
  const stored = (text: (view: TagView) => string) =>
    view === null ? <Badge tone="unknown">unknown</Badge> : text(view);
  return (
    <dl class="facts card">
      <Fact name="Rate" hint="Of agents that are alive">
        {ratePerSecond === null ? <Badge tone="unknown">unknown</Badge> : rate(ratePerSecond)}
      </Fact>
      {zone === undefined ? (
        <Fact name="IDs left">{stored(({ highestId, nextId }) => leftOf(highestId, nextId))}</Fact>
      ) : (
        <Fact name="Time zone of its days">{zone}</Fact>
      )}
      <Fact name="Base step">{stored(({ step }) => count(step))}</Fact>
      <Fact name="Max step">{stored(({ step, maxStep }) => count(Math.max(step, maxStep)))}</Fact>
      <Fact name="Target duration">{stored(({ targetDurationS }) => duration(targetDurationS))}</Fact>
      <Fact
        name={zone === undefined ? 'Next segment starts at' : 'Each day starts at'}
        hint="The counter in the store"
        isLong={(view?.nextId.length ?? 0) > LONG_DIGITS}
      >
        <span class="id">{stored(({ nextId }) => nextId)}</span>
      </Fact>
      {view?.shape == null ? null : (
        <Fact name="Shape" hint="How its IDs are written" isLong>
          <span class="id">{view.shape}</span>
        </Fact>
      )}
    </dl>
  );
}

function leftOf(highestId: string, nextId: string): string {
  const left = BigInt(highestId) + 1n - BigInt(nextId);
  return count(Number(left < 0n ? 0n : left));
}

/** How far back a template's tags are listed, by the length of their digits; milliseconds. */
const DAYS_BACK: Readonly<Record<number, number>> = {
  4: 20 * 366 * 86_400_000,
  6: 2 * 366 * 86_400_000,
  8: 31 * 86_400_000,
  10: 2 * 86_400_000,
};
const DAYS_SHOWN = 31;

/** The tags of a template's days: its IDs come from them. */
function Days({ template, nowMs }: { template: string; nowMs: number }) {
  const digits = (dateToken(template)?.length ?? 2) - 2;
  const [beginMs] = useState(() => nowMs - (DAYS_BACK[digits] ?? 0));
  const after = datedName(template, beginMs);
  const { data, problem } = useDocument<TagList>(
    `v1/tags?after=${encodeURIComponent(after)}&limit=100`,
    LEDGER_EVERY_MS,
  );
  const today = datedName(template, nowMs);
  const days = (data?.tags ?? []).filter(({ tag }) => templateOf(tag)?.template === template).reverse();
  return (
    <Card title="Its tags, latest first">
      {problem === undefined ? null : (
        <p class="note unknown">It is unknown which ones there are: {problem}</p>
      )}
      {days.length === 0 ? (
        <Empty>None has been used recently. Each is created by its first request.</Empty>
      ) : (
        <Table
          label="Table of the template’s tags"
          columns={[['Day'], ['Granted up to', 'number'], ['IDs left', 'number'], ['State']]}
        >
          {days.slice(0, DAYS_SHOWN).map(({ tag, nextId, highestId, state }) => (
            <tr key={tag} data-day={tag}>
              <th scope="row">
                <a href={linkTo('tags', tag)}>{dayOf(tag)}</a>
              </th>
              <td class="number id">{String(BigInt(nextId) - 1n)}</td>
              <td class="number">{leftOf(highestId, nextId)}</td>
              <td>
                <DayBadge state={state} isNow={tag === today} isAhead={tag > today} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}

function dayOf(tag: string): string {
  return dayText(templateOf(tag)?.digits ?? '');
}

/** A day that agents drew from has its tag before it begins. */
function DayBadge({ state, isNow, isAhead }: Pick<TagView, 'state'> & { isNow: boolean; isAhead: boolean }) {
  if (state === 'retired') return <Badge tone="idle">retired</Badge>;
  if (isNow) return <Badge tone="ok">now</Badge>;
  return <Badge tone="idle">{isAhead ? 'not begun' : 'over'}</Badge>;
}

function Holders({ holders, tag, nowMs }: Pick<TagLive, 'holders' | 'tag'> & { nowMs: number }) {
  if (holders.length === 0)
    return <Empty>No agent holds this tag now. It is loaded by the first request.</Empty>;
  return (
    <ul class="holders">
      {holders.map(({ agentId, instanceId, state, seenAtMs, buffer }) => (
        <li key={`${instanceId} ${buffer.tag}`} class={state} data-agent={agentId}>
          <BufferRow name={<a href={linkTo('agents', agentId)}>{agentId}</a>} buffer={buffer}>
            {buffer.tag === tag ? null : <a href={linkTo('tags', buffer.tag)}>{dayOf(buffer.tag)}</a>}
            {state === 'alive' ? null : (
              <Badge tone={state === 'silent' ? 'critical' : 'unknown'}>
                {state}, as of {ago(seenAtMs, nowMs)}
              </Badge>
            )}
          </BufferRow>
        </li>
      ))}
    </ul>
  );
}

function Ledger({ ranges }: Pick<LedgerPage, 'ranges'>) {
  if (ranges.length === 0) return <Empty>No segment of this tag has been handed out yet.</Empty>;
  return (
    <Table
      label="Table of ledger entries"
      columns={[['Granted'], ['Agent'], ['From', 'number'], ['Step', 'number'], ['Coordinator']]}
    >
      {ranges.slice(0, LEDGER_SHOWN).map((range) => (
        <tr key={range.start}>
          <td>{dateTime(range.grantedAtMs)}</td>
          <td>
            <AgentName agentId={range.agentId} />
          </td>
          <td class="number id">{range.start}</td>
          <td class="number">{count(Number(BigInt(range.end) - BigInt(range.start)))}</td>
          <td>{range.coordinatorId}</td>
        </tr>
      ))}
    </Table>
  );
}
