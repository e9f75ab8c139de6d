import { describe, expect, test } from '@jest/globals';
import { MAX_REPORTED_BUFFERS, MAX_REPORTED_TAGS, type ReportRequest } from '@leafcutter/shared/wire';
import { issuing } from '../../fakes/issuing.ts';
import { EMPTY_STATUS, unavailable } from '../../fakes/samples.ts';
import { Reporter, type ReportTarget } from './reporter.ts';

const INTERVAL_MS = 15_000;

/** Takes reports; answers with `gone`, fails, or leaves the call open. */
class ScriptedTarget implements ReportTarget {
  readonly taken: ReportRequest[] = [];
  gone: Awaited<ReturnType<ReportTarget['report']>>['gone'] = [];
  nextReportMs = 300_000;
  /** Whether it keeps what it is told, as releases do that take changes. */
  keeps = false;
  mode: 'now' | 'held' | Error = 'now';
  answer: () => void = () => undefined;

  /** The names in each report. */
  get reports(): string[][] {
    return this.taken.map(({ names }) => names);
  }

  async report(report: ReportRequest): ReturnType<ReportTarget['report']> {
    this.taken.push(report);
    if (this.mode instanceof Error) throw this.mode;
    if (this.mode === 'held')
      await new Promise<void>((resolve) => {
        this.answer = resolve;
      });
    const { gone, nextReportMs } = this;
    return this.keeps ? { gone, nextReportMs, revision: report.revision } : { gone, nextReportMs };
  }
}

async function reporting(names: readonly string[], random = () => 0) {
  const { clock, newTags, events } = issuing({ maxTags: 10_000, idleMs: 10_000_000 });
  const tags = newTags();
  for (const name of names) await tags.take(name, 1);
  const target = new ScriptedTarget();
  const status = () => ({ ...EMPTY_STATUS, tags: tags.status() });
  const reporter = new Reporter({ target, tags, status, clock, random, intervalMs: INTERVAL_MS });
  return { clock, tags, target, reporter, events };
}

describe('an agent', () => {
  test('reports its tags at once and then once an interval', async () => {
    const { clock, target, reporter } = await reporting(['a', 'b']);
    reporter.start();
    await clock.advance(3 * INTERVAL_MS);
    expect(target.reports).toEqual(Array(4).fill(['a', 'b']));
  });

  test('reports that it is there although it has no tags', async () => {
    const { clock, target, reporter } = await reporting([]);
    reporter.start();
    await clock.advance(INTERVAL_MS);
    expect(target.reports).toEqual([[], []]);
  });

  test('with more tags than a report takes names them in turn', async () => {
    const names = Array.from({ length: 2 * MAX_REPORTED_TAGS + 5 }, (_, index) => `t${index}`);
    const { clock, target, reporter } = await reporting(names);
    reporter.start();
    await clock.advance(3 * INTERVAL_MS);
    expect(target.reports.map(({ length }) => length)).toEqual([1_000, 1_000, 5, 1_000]);
    expect(target.reports.slice(0, 3).flat()).toEqual(names);
  });

  test('drops the tags that are gone, each with its own reason, and keeps the rest', async () => {
    const { clock, tags, target, reporter, events } = await reporting(['a', 'b', 'c']);
    target.gone = [
      { tag: 'a', code: 'TAG_RETIRED' },
      { tag: 'b', code: 'TAG_UNKNOWN' },
      { tag: 'never asked', code: 'TAG_UNKNOWN' },
    ];
    reporter.start();
    await clock.advance(0);
    expect(tags.names()).toEqual(['c']);
    expect(events.discards).toEqual(['99 dropped', '99 dropped']);
  });

  test('that no coordinator has answered yet asks every two seconds, and then once an interval', async () => {
    const { clock, target, reporter } = await reporting(['a']);
    target.mode = unavailable();
    reporter.start();
    await clock.advance(10_000);
    expect(target.reports).toHaveLength(6);
    target.mode = 'now';
    await clock.advance(2_000);
    expect(target.reports).toHaveLength(7);
    target.mode = unavailable();
    await clock.advance(3 * INTERVAL_MS);
    expect(target.reports).toHaveLength(10);
  });

  test('reports on after failures', async () => {
    const { clock, tags, target, reporter } = await reporting(['a']);
    reporter.start();
    await clock.advance(0);
    target.mode = unavailable();
    await clock.advance(2 * INTERVAL_MS);
    target.mode = 'now';
    target.gone = [{ tag: 'a', code: 'TAG_RETIRED' }];
    await clock.advance(INTERVAL_MS);
    expect(target.reports).toHaveLength(4);
    expect(tags.count).toBe(0);
  });

  test('sends the next report only after the last was answered', async () => {
    const { clock, target, reporter } = await reporting(['a']);
    target.mode = 'held';
    reporter.start();
    await clock.advance(10 * INTERVAL_MS);
    expect(target.reports).toHaveLength(1);
    target.answer();
    await clock.advance(INTERVAL_MS);
    expect(target.reports).toHaveLength(2);
  });
});

describe('what it holds', () => {
  test('is in every report: the buffers in trouble first, then the busiest, and no more than a report takes', async () => {
    const { clock, target, reporter, tags } = await reporting(
      Array.from({ length: MAX_REPORTED_BUFFERS + 20 }, (_, index) => `t${index}`),
    );
    for (let i = 0; i < 50; i++) await tags.take('t110', 1);
    await clock.advance(1_000);
    reporter.start();
    await clock.advance(0);
    const [report] = target.taken;
    expect(report?.tagCount).toBe(MAX_REPORTED_BUFFERS + 20);
    expect(report?.tags).toHaveLength(MAX_REPORTED_BUFFERS);
    expect(report?.tags[0]?.tag).toBe('t110');
  });

  test('is reported each second while somebody watches, but tags are asked about once an interval', async () => {
    const { clock, target, reporter } = await reporting(['a']);
    target.nextReportMs = 1_000;
    reporter.start();
    await clock.advance(2 * INTERVAL_MS - 1);
    expect(target.taken).toHaveLength(30);
    expect(target.reports.filter((names) => names.length > 0)).toHaveLength(3);
    target.nextReportMs = 300_000;
    await clock.advance(1_000);
    const before = target.taken.length;
    await clock.advance(INTERVAL_MS);
    expect(target.taken.length - before).toBe(1);
  });
});

describe('what changed', () => {
  const shown = ({ taken }: ScriptedTarget) =>
    taken.map(({ revision, since, tags, without }) => [revision, since, tags.map(({ tag }) => tag), without]);

  test('is all that is sent to a coordinator that has the last report, and all is sent where it is missed', async () => {
    const { clock, tags, target, reporter } = await reporting(['a', 'b']);
    target.keeps = true;
    // The rate of what was drawn before is over.
    await clock.advance(600_000);
    reporter.start();
    await clock.advance(INTERVAL_MS);
    await tags.take('b', 1);
    tags.drop('a', unavailable());
    await clock.advance(INTERVAL_MS);
    target.keeps = false;
    await clock.advance(INTERVAL_MS - 1);
    target.keeps = true;
    expect(shown(target)).toEqual([
      [1, undefined, ['a', 'b'], undefined],
      [2, 1, [], []],
      [3, 2, ['b'], ['a']],
    ]);
    target.keeps = false;
    await clock.advance(1);
    expect(shown(target).slice(3)).toEqual([
      [4, 3, expect.any(Array), []],
      [5, undefined, ['b'], undefined],
    ]);
  });

  test('is sent whole to coordinators that take nothing else, once an interval', async () => {
    const { clock, target, reporter } = await reporting(['a']);
    reporter.start();
    await clock.advance(2 * INTERVAL_MS);
    expect(shown(target).map(([, since]) => since)).toEqual([undefined, undefined, undefined]);
  });

  test('is told from the last report that was answered', async () => {
    const { clock, target, reporter } = await reporting(['a']);
    target.keeps = true;
    reporter.start();
    await clock.advance(0);
    target.mode = unavailable();
    await clock.advance(2 * INTERVAL_MS);
    expect(shown(target).map(([revision, since]) => [revision, since])).toEqual([
      [1, undefined],
      [2, 1],
      [3, 1],
    ]);
  });
});

test('reports come up to a tenth of the interval early, so that agents started at once do not stay in step', async () => {
  const { clock, target, reporter } = await reporting(['a'], () => 1);
  reporter.start();
  await clock.advance(10 * INTERVAL_MS - 1);
  expect(target.reports.filter((names) => names.length > 0)).toHaveLength(12);
});

describe('stopping', () => {
  test('ends the timer', async () => {
    const { clock, tags, target, reporter } = await reporting(['a']);
    tags.close();
    reporter.start();
    await clock.advance(0);
    await reporter.stop();
    expect(clock.pending).toBe(0);
    await clock.advance(10 * INTERVAL_MS);
    expect(target.taken.map(({ leaving }) => leaving)).toEqual([false, true]);
  });

  test('waits a second for a coordinator that does not answer, and no longer', async () => {
    const { clock, tags, target, reporter } = await reporting(['a']);
    tags.close();
    target.mode = 'held';
    const stopped = reporter.stop();
    await clock.advance(1_000);
    await expect(stopped).resolves.toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  test('without a coordinator ends all the same', async () => {
    const { tags, target, reporter } = await reporting(['a']);
    tags.close();
    target.mode = unavailable();
    await expect(reporter.stop()).resolves.toBeUndefined();
  });

  test('during a report starts no other when its answer comes', async () => {
    const { clock, tags, target, reporter } = await reporting(['a']);
    tags.close();
    target.mode = 'held';
    reporter.start();
    await clock.advance(0);
    const answer = target.answer;
    target.mode = 'now';
    await reporter.stop();
    answer();
    await clock.advance(10 * INTERVAL_MS);
    expect(target.taken.map(({ leaving }) => leaving)).toEqual([false, true]);
    expect(clock.pending).toBe(0);
  });
});
