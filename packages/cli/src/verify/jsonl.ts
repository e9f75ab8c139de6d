import type { Call, History } from './history.ts';

/**
 * A history as JSON, one line per event. `value` holds the IDs of an answer as decimal strings or, if that is
 * shorter, as ranges `["1","101"]`, the end excluded.
 */
export function* toJsonl(history: History): Generator<string> {
  let index = 0;
  for (const { type, call, timeNs } of history.events()) {
    yield `${JSON.stringify({
      index: index++,
      type,
      process: call.process,
      f: 'draw',
      agent: call.agent,
      instance: call.instanceId ?? null,
      tag: call.source,
      count: call.count,
      time: Math.round(timeNs),
      ...(type === 'ok' ? { value: valueIn(call) } : {}),
      ...(type === 'fail' || type === 'info' ? { code: call.code } : {}),
    })}\n`;
  }
}

function valueIn({ ids }: Call): (string | [start: string, end: string])[] {
  const ranges: { start: bigint; end: bigint }[] = [];
  for (const id of ids) {
    const last = ranges.at(-1);
    if (last?.end === id) last.end = id + 1n;
    else ranges.push({ start: id, end: id + 1n });
  }
  return ranges.length * 2 < ids.length
    ? ranges.map(({ start, end }) => [String(start), String(end)])
    : Array.from(ids, String);
}
