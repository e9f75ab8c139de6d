import type { JobList } from '@leafcutter/shared/inspection';
import { ago, duration } from '../format.ts';
import { useDocument } from '../use-document.ts';
import { Badge, Loading, Table } from './basics.tsx';

const LOOK_EVERY_MS = 10_000;

const MEANINGS: Readonly<Record<string, string>> = {
  audit: 'proves from the ledger that no range was handed out twice',
  sweep: 'raises the fences in Redis to the counters in MySQL',
  prune: 'forgets who was granted what is older than the ledger keeps',
  trail: 'forgets changes that are older than the audit trail keeps',
  days: 'retires old days of dated tags',
  forecast: 'computes when tags will have handed out their highest ID',
  reap: 'takes silent agents off the list',
};

/** The background jobs of all coordinators, and how each last ended. */
export function Jobs({ nowMs }: { nowMs: number }) {
  const { data, problem } = useDocument<JobList>('v1/jobs', LOOK_EVERY_MS);
  if (data === undefined) return problem === undefined ? <Loading /> : <p class="note warning">{problem}</p>;
  return (
    <>
      {problem === undefined ? null : <p class="note unknown">How they do now is unknown: {problem}</p>}
      <Table
        label="Table of background jobs"
        columns={[['Job'], ['Every', 'number'], ['Last run'], ['On'], ['Took', 'number']]}
      >
        {data.jobs.map(({ job, everyMs, late, lastRun }) => (
          <tr key={job} data-job={job}>
            <th scope="row" title={MEANINGS[job]}>
              {job}
            </th>
            <td class="number">{duration(everyMs / 1000)}</td>
            <td>
              {late && <Badge tone="warning">late</Badge>} <Outcome lastRun={lastRun} nowMs={nowMs} />
            </td>
            <td>{lastRun?.coordinatorId ?? '–'}</td>
            <td class="number">{lastRun === null ? '–' : duration(lastRun.durationMs / 1000)}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function Outcome({ lastRun, nowMs }: { lastRun: JobList['jobs'][number]['lastRun']; nowMs: number }) {
  if (lastRun === null) return <Badge tone="idle">not yet</Badge>;
  const when = ago(lastRun.endedAtMs, nowMs);
  if (lastRun.error === null) return <Badge tone="ok">{when}</Badge>;
  return (
    <>
      <Badge tone="critical">failed {when}</Badge> {lastRun.error}
    </>
  );
}
