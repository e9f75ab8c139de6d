import { decode, LAYOUT_PRESETS, TWITTER_EPOCH_MS } from '@leafcutter/shared/layout';
import { IdSet } from '../support/id-set.ts';
import type { Call, Lane } from './calls.ts';
import type { Grant } from './ledger-memory.ts';

const layout = { ...LAYOUT_PRESETS.classic, datacenterBits: 0, epochMs: TWITTER_EPOCH_MS };

/** What a run did wrong, a few examples of each; all empty where nothing. */
export interface Findings {
  /** IDs issued more than once (I1). */
  readonly duplicates: readonly string[];
  /** Ranges of one counter that overlap (I2). */
  readonly overlaps: readonly string[];
  /** IDs outside every range that was granted to their instance (I2). */
  readonly ungranted: readonly string[];
  /** IDs that are not above one which the same instance had given out before (I3). */
  readonly disorder: readonly string[];
  /** Refusals without one of our codes (I4). */
  readonly uncoded: readonly string[];
  /** Answers that came later than they may (I6). */
  readonly late: readonly string[];
}

export function findAll(lanes: readonly Lane[], grants: readonly Grant[], latestMs: number): Findings {
  return {
    duplicates: findDuplicates(lanes),
    overlaps: findOverlaps(grants),
    ungranted: findUngranted(lanes, grants),
    disorder: findDisorder(lanes),
    uncoded: findUncoded(lanes),
    late: findLate(lanes, latestMs),
  };
}

function findDuplicates(lanes: readonly Lane[]): string[] {
  return [...Map.groupBy(lanes, ({ source }) => source)].flatMap(([source, ofSource]) => {
    const set = new IdSet();
    for (const { ids } of ofSource) set.addAll(ids);
    return set.duplicates().map((id) => `${source}: ${id}`);
  });
}

function findOverlaps(grants: readonly Grant[]): string[] {
  return grants.flatMap((grant, index) => {
    const before = grants[index - 1];
    const same = before?.kind === grant.kind && before.name === grant.name;
    if (!same || grant.start >= before.end) return [];
    return [`${grant.name}: [${before.start}, ${before.end}) and [${grant.start}, ${grant.end})`];
  });
}

function findUngranted(lanes: readonly Lane[], grants: readonly Grant[]): string[] {
  const byHolder = Map.groupBy(grants, ({ kind, name, instanceId }) => `${kind}|${name}|${instanceId}`);
  return lanes.flatMap(({ agent, instanceId, source, ids }) => {
    const wrong = ids.find((id) => {
      const { key, value } = counterOf(source, id);
      return !contains(byHolder.get(`${key}|${instanceId}`) ?? [], value);
    });
    return wrong === undefined ? [] : [`${agent} (${instanceId}) ${source}: ${wrong}`];
  });
}

function counterOf(source: string, id: bigint): { key: string; value: bigint } {
  if (source !== 'snowflake') return { key: `t|${source}`, value: id };
  const { machineId, timestampMs } = decode(layout, id);
  return { key: `m|${machineId}`, value: BigInt(timestampMs) };
}

/** Binary search: the ranges of one holder are in order. */
function contains(grants: readonly Grant[], value: bigint): boolean {
  let low = 0;
  let high = grants.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const grant = grants[middle];
    if (grant === undefined) return false;
    if (value < grant.start) high = middle - 1;
    else if (value >= grant.end) low = middle + 1;
    else return true;
  }
  return false;
}

/** Of one instance, an ID asked for after another one was answered must be above it, whichever callers they went to. */
function findDisorder(lanes: readonly Lane[]): string[] {
  const groups = Map.groupBy(lanes, ({ instanceId, source }) => `${instanceId} ${source}`);
  return [...groups].flatMap(([name, ofInstance]) => {
    const answered = ofInstance.flatMap((lane) =>
      lane.calls.flatMap((call) => (call.to > call.from ? [extremes(lane, call)] : [])),
    );
    const byBeginning = answered.toSorted((a, b) => a.begunAt - b.begunAt);
    const byEnd = answered.toSorted((a, b) => a.endedAt - b.endedAt);
    let ended = 0;
    let highest = -1n;
    for (const call of byBeginning) {
      for (
        let past = byEnd[ended];
        past !== undefined && past.endedAt < call.begunAt;
        past = byEnd[++ended]
      ) {
        if (past.highest > highest) highest = past.highest;
      }
      if (call.lowest <= highest) return [`${name}: ${call.lowest} after ${highest}`];
    }
    return [];
  });
}

function extremes(lane: Lane, { from, to, begunAt, endedAt }: Call) {
  let [lowest, highest] = [lane.ids[from] ?? 0n, lane.ids[from] ?? 0n];
  for (const id of lane.ids.subarray(from + 1, to)) {
    if (id < lowest) lowest = id;
    if (id > highest) highest = id;
  }
  return { begunAt, endedAt, lowest, highest };
}

function findUncoded(lanes: readonly Lane[]): string[] {
  const codes = new Set(lanes.flatMap(({ calls }) => calls.map(({ code }) => code)));
  return [...codes].filter((code) => code !== '' && (code === 'INTERNAL' || !/^[A-Z_]+$/.test(code)));
}

function findLate(lanes: readonly Lane[], latestMs: number): string[] {
  return lanes
    .flatMap(({ agent, source, calls }) =>
      calls
        .filter(({ result, tookMs }) => result !== 'unanswered' && tookMs > latestMs)
        .map(
          ({ tookMs, result, code }) =>
            `${agent} ${source}: ${result} ${code} after ${Math.round(tookMs)} ms`,
        ),
    )
    .slice(0, 20);
}
