import type { TagLive } from '@leafcutter/shared/fleet-views';
import type { LedgerPage } from '@leafcutter/shared/inspection';
import type { ComparedTag } from '@leafcutter/shared/wire';
import { useState } from 'preact/hooks';
import { count, dateTime, duration, rate } from '../format.ts';
import type { Live } from '../live.ts';
import { Badge, Card, Empty, Fact, Loading, Table } from '../parts/basics.tsx';
import { BufferRow } from '../parts/buffer-bar.tsx';
import { Chart } from '../parts/chart.tsx';
import { useRates } from '../parts/rates.ts';
import { EditTag, RetireTag } from '../parts/tag-dialogs.tsx';
import { useDocument } from '../use-document.ts';

const LEDGER_EVERY_MS = 5_000;
const LEDGER_SHOWN = 12;

/** One tag: every agent's two segments, rate and step over time, the newest ledger entries, and its settings. */
export function TagPage({ tag, live }: { tag: string; live: Live<TagLive> }) {
  const [dialog, setDialog] = useState<'edit' | 'retire'>();
  const ledger = useDocument<LedgerPage>(
    `v1/ledger?tag=${encodeURIComponent(tag)}&order=newest&limit=100`,
    LEDGER_EVERY_MS,
  );
  const compared = useDocument<ComparedTag>(`v1/tags/${encodeURIComponent(tag)}`);
  const event = live.data?.tag === tag ? live.data : undefined;
  const rates = useRates(tag, event);
  if (event === undefined) return <Loading />;
  const { view, holders } = event;
  if (view === null && holders.length === 0 && ledger.data !== undefined && ledger.data.ranges.length === 0) {
    return (
      <main id="main" tabIndex={-1}>
        <h1>{tag}</h1>
        <Empty>
          There is no tag of this name. <a href="#/">Back to the fleet</a>
        </Empty>
      </main>
    );
  }
  const ranges = ledger.data?.ranges ?? [];
  const steps = ranges
    .map(({ grantedAtMs, start, end }) => [grantedAtMs, Number(BigInt(end) - BigInt(start))] as const)
    .sort(([a], [b]) => a - b);
  return (
    <main id="main" tabIndex={-1}>
      <div class="page-head">
        <h1>{tag}</h1>
        {view?.state === 'retired' ? <Badge tone="idle">retired</Badge> : null}
        {view?.state === 'active' ? (
          <div class="buttons">
            <button type="button" onClick={() => setDialog('edit')}>
              Change
            </button>
            <button type="button" class="danger" onClick={() => setDialog('retire')}>
              Retire
            </button>
          </div>
        ) : null}
      </div>
      {view?.description ? <p>{view.description}</p> : null}
      {compared.data?.warnings.map(({ code, message }) => (
        <p key={code} class="note warning">
          {message}
        </p>
      ))}
      <Facts view={view} ratePerSecond={event.ratePerSecond} />
      <Card title={`Buffers (${holders.length})`}>
        <Holders holders={holders} />
      </Card>
      <div class="columns">
        <Card title="Rate">
          <Chart label={`IDs per second of ${tag}`} unit="IDs/s" points={rates} />
        </Card>
        <Card title="Step">
          <Chart label={`Size of the segments of ${tag}`} unit="IDs" points={steps} kind="steps" />
        </Card>
      </div>
      <Card title="Newest ledger entries">
        {ledger.problem !== undefined ? <p class="note warning">{ledger.problem}</p> : null}
        <Ledger ranges={ranges} />
      </Card>
      {dialog === 'edit' && view !== null ? (
        <EditTag view={view} onClose={() => setDialog(undefined)} />
      ) : null}
      {dialog === 'retire' ? <RetireTag tag={tag} onClose={() => setDialog(undefined)} /> : null}
    </main>
  );
}

function Facts({ view, ratePerSecond }: Pick<TagLive, 'view' | 'ratePerSecond'>) {
  const left = view === null ? null : BigInt(view.highestId) + 1n - BigInt(view.nextId);
  return (
    <dl class="facts card">
      <Fact name="Rate">{rate(ratePerSecond)}</Fact>
      <Fact name="Next segment starts at" hint="The counter in the store">
        <span class="id">{view?.nextId ?? '–'}</span>
      </Fact>
      <Fact name="IDs left">{left === null ? '–' : count(Number(left < 0n ? 0n : left))}</Fact>
      {view?.shape == null ? null : (
        <Fact name="Shape" hint="How its IDs are written">
          <span class="id">{view.shape}</span>
        </Fact>
      )}
      <Fact name="Base step">{view === null ? '–' : count(view.step)}</Fact>
      <Fact name="Max step">{view === null ? '–' : count(view.maxStep)}</Fact>
      <Fact name="Target duration">{view === null ? '–' : duration(view.targetDurationS)}</Fact>
    </dl>
  );
}

function Holders({ holders }: Pick<TagLive, 'holders'>) {
  if (holders.length === 0)
    return <Empty>No agent holds this tag now. It comes into memory with the first request.</Empty>;
  return (
    <ul class="holders">
      {holders.map(({ agentId, instanceId, state, buffer }) => (
        <li key={instanceId} class={state} data-agent={agentId}>
          <BufferRow name={agentId} buffer={buffer}>
            {state === 'silent' ? <Badge tone="critical">silent</Badge> : null}
          </BufferRow>
        </li>
      ))}
    </ul>
  );
}

function Ledger({ ranges }: Pick<LedgerPage, 'ranges'>) {
  if (ranges.length === 0) return <Empty>No segment of this tag was handed out yet.</Empty>;
  return (
    <Table
      label="Table of ledger entries"
      columns={[['Granted'], ['Agent'], ['From', 'number'], ['Step', 'number'], ['Coordinator', 'wide']]}
    >
      {ranges.slice(0, LEDGER_SHOWN).map((range) => (
        <tr key={range.start}>
          <td>{dateTime(range.grantedAtMs)}</td>
          <td>{range.agentId}</td>
          <td class="number id">{range.start}</td>
          <td class="number">{count(Number(BigInt(range.end) - BigInt(range.start)))}</td>
          <td class="wide">{range.coordinatorId}</td>
        </tr>
      ))}
    </Table>
  );
}
