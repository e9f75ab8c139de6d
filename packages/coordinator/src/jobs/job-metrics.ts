import type { Counter, Gauge, MetricSet } from '@leafcutter/shared/metric-set';
import type { AuditReport } from '../domain/ledger/audit.ts';
import type { TagForecast } from '../domain/ledger/forecast.ts';

/** Background jobs by name; see jobs.ts. */
const JOBS = ['audit', 'sweep', 'prune', 'forecast', 'reap', 'trail', 'days'];

/** How many tags have a forecast. */
const MAX_TAGS_SHOWN = 200;
const DAY_S = 86_400;

/** The metrics of the background jobs that run here. */
export class JobMetrics {
  readonly #runs: Counter;
  readonly #succeededAt: Gauge;
  readonly #isLate: Gauge;
  readonly #rescheduled: Counter;
  readonly #duration: Gauge;
  readonly #agents: Gauge;
  readonly #pruned: Counter;
  readonly #trailPruned: Counter;
  readonly #auditRanges: Gauge;
  readonly #auditViolations: Gauge;
  readonly #timeLeft: Gauge;

  constructor(set: MetricSet) {
    this.#runs = set.counter('jobs_total', 'Background jobs run here, by task and result.', {
      task: JOBS,
      result: ['ok', 'failed'],
    });
    this.#succeededAt = set.gauge(
      'job_last_success_timestamp_seconds',
      'When a background job last succeeded here, unix time; use the largest of all coordinators.',
      'task',
    );
    this.#isLate = set.gauge(
      'job_late',
      '1 while, as far as this coordinator sees, a background job has not run in time on any coordinator, otherwise 0.',
      'task',
    );
    this.#rescheduled = set.counter(
      'jobs_rescheduled_total',
      'Times that a background job was rescheduled from here, because it was late, or postponed by a coordinator whose clock was ahead.',
      { task: JOBS },
    );
    for (const task of JOBS) this.#isLate.set({ task }, 0);
    this.#duration = set.gauge(
      'job_last_duration_seconds',
      'How long the last run of a background job here took.',
      'task',
    );
    this.#agents = set.gauge(
      'agents',
      'Agents that reported recently, as seen by the coordinator that ran the reap job.',
    );
    this.#pruned = set.counter(
      'pruned_ranges_total',
      'Ledger ranges that were merged with others, because they are older than ledgerRetentionDays.',
    );
    this.#trailPruned = set.counter(
      'trail_pruned_total',
      'Changes deleted from the audit trail, because they are older than trailRetentionDays.',
    );
    this.#auditRanges = set.gauge('audit_ranges', 'Ledger ranges that the last audit here checked.');
    this.#auditViolations = set.gauge(
      'audit_violations',
      'Broken promises that the last audit here found. Anything but 0 is an alarm.',
    );
    this.#timeLeft = set.gauge(
      'tag_left_seconds',
      'Time until a tag has handed out its highest ID, at the pace of its last 100 segments; the 200 tags that end first, as the last forecast here saw them.',
      'tag',
    );
  }

  done(task: string, result: 'ok' | 'failed', durationMs: number): void {
    this.#runs.inc({ task, result });
    this.#duration.set({ task }, durationMs / 1000);
    if (result === 'ok') this.#succeededAt.setToCurrentTime({ task });
  }

  late(task: string, isLate: boolean): void {
    this.#isLate.set({ task }, Number(isLate));
  }

  rescheduled(task: string): void {
    this.#rescheduled.inc({ task });
  }

  agentsAlive(count: number): void {
    this.#agents.set(count);
  }

  pruned(ranges: number): void {
    this.#pruned.inc(ranges);
  }

  trailPruned(changes: number): void {
    this.#trailPruned.inc(changes);
  }

  forecast(tags: readonly TagForecast[]): void {
    this.#timeLeft.reset();
    for (const { tag, daysLeft } of tags.slice(0, MAX_TAGS_SHOWN))
      this.#timeLeft.set({ tag }, daysLeft * DAY_S);
  }

  audited(report: AuditReport): void {
    this.#auditRanges.set(report.ranges);
    this.#auditViolations.set(report.violations.length);
  }
}
