import { describe, expect, test } from '@jest/globals';
import { MAX_REPORTED_TAGS } from '@leafcutter/shared/wire';
import { issuing } from '../fakes/issuing.ts';
import { unavailable } from '../fakes/samples.ts';
import { Reporter, type ReportTarget } from './reporter.ts';

const INTERVAL_MS = 15_000;

/** Takes reports; answers with `gone`, fails, or leaves the call open. */
class ScriptedTarget implements ReportTarget {
  readonly reports: string[][] = [];
  gone: Awaited<ReturnType<ReportTarget['report']>> = [];
  mode: 'now' | 'held' | Error = 'now';
  answer: () => void = () => undefined;

  async report(tags: readonly string[]): ReturnType<ReportTarget['report']> {
    this.reports.push([...tags]);
    if (this.mode instanceof Error) throw this.mode;
    if (this.mode === 'held')
      await new Promise<void>((resolve) => {
        this.answer = resolve;
      });
    return this.gone;
  }
}

async function reporting(names: readonly string[]) {
  const { clock, newTags, events } = issuing({ maxTags: 10_000, idleMs: 10_000_000 });
  const tags = newTags();
  for (const name of names) await tags.take(name, 1);
  const target = new ScriptedTarget();
  const reporter = new Reporter({ target, tags, clock, intervalMs: INTERVAL_MS });
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

  test('reports on after failures', async () => {
    const { clock, tags, target, reporter } = await reporting(['a']);
    target.mode = unavailable();
    reporter.start();
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

describe('stopping', () => {
  test('ends the timer', async () => {
    const { clock, tags, target, reporter } = await reporting(['a']);
    tags.close();
    reporter.start();
    await clock.advance(0);
    reporter.stop();
    expect(clock.pending).toBe(0);
    await clock.advance(10 * INTERVAL_MS);
    expect(target.reports).toHaveLength(1);
  });

  test('during a report starts no other when its answer comes', async () => {
    const { clock, tags, target, reporter } = await reporting(['a']);
    tags.close();
    target.mode = 'held';
    reporter.start();
    await clock.advance(0);
    reporter.stop();
    target.answer();
    await clock.advance(10 * INTERVAL_MS);
    expect(target.reports).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});
