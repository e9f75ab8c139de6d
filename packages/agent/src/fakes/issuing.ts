import { FakeClock, settle } from '@leafcutter/shared/fake-clock';
import { RefillLatency } from '../domain/segments/runway/refill-latency.ts';
import type { Segment } from '../domain/segments/segment.ts';
import { TagIssuer } from '../domain/segments/tag-issuer.ts';
import { Tags, type TagsRules } from '../domain/segments/tags.ts';
import { RecordedAgentEvents } from './recorded-events.ts';
import { middling, SEGMENT_RULES } from './samples.ts';
import { ScriptedSegments } from './scripted-segments.ts';

/** Everything around the tags of an agent, put together for a test. */
export function issuing(own: Partial<TagsRules> = {}, random = middling) {
  const clock = new FakeClock();
  const source = new ScriptedSegments();
  const events = new RecordedAgentEvents();
  const rules = { ...SEGMENT_RULES, ...own };
  const parts = { source, clock, random, rules, events };
  const latency = new RefillLatency();
  const dropped: string[] = [];
  return {
    clock,
    source,
    events,
    rules,
    dropped,
    newTags: () => new Tags(parts),
    newIssuer(highest = 0n): TagIssuer {
      const drop = (issuer: TagIssuer, error: Error & { code: string }) => {
        dropped.push(error.code);
        issuer.close(error as Parameters<TagIssuer['close']>[0]);
      };
      return new TagIssuer('orders', { ...parts, latency, dropped: drop }, highest);
    },
  };
}

/** Uses a segment up to its last ID while coordinators answer, and takes that last one when `mode` holds. */
export async function runDry(
  issuer: TagIssuer,
  source: ScriptedSegments,
  mode: ScriptedSegments['mode'],
): Promise<void> {
  await issuer.take(source.size - 1);
  source.mode = mode;
  issuer.takeOne();
  await settle();
}

/** The IDs of `ranges`, one by one. */
export function idsOf(ranges: readonly Segment[]): bigint[] {
  return ranges.flatMap(({ start, end }) =>
    Array.from({ length: Number(end - start) }, (_, index) => start + BigInt(index)),
  );
}

/** The result of a promise: its IDs, or code and reason of its error. */
export async function outcome(taking: Promise<Segment[]>): Promise<bigint[] | string> {
  return taking.then(idsOf, (error) => [error.code, error.reason].filter(Boolean).join(' '));
}

/** Whether a promise has settled, for tests about waiting callers. */
export function watch(taking: Promise<Segment[]>): { result: bigint[] | string | 'waits' } {
  const seen: { result: bigint[] | string | 'waits' } = { result: 'waits' };
  void outcome(taking).then((result) => {
    seen.result = result;
  });
  return seen;
}

/** True if each ID is above the one before it. */
export function rises(ids: readonly bigint[]): boolean {
  return ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? id));
}
