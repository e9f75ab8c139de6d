import { MAX_COUNT } from '@leafcutter/shared/tag';
import type { History, HistoryEvent } from './history.ts';

/**
 * The IDs drawn from one source as a history that Jepsen reads, one operation per ID. Its `unique-ids` checker
 * assumes that every `:generate` is of the same sequence, so sources must not be mixed.
 *
 * A Jepsen process has one operation at a time. So the n-th ID of an answer to process p is an operation of process p
 * × 10,000 + n. A call that was refused or not answered is one operation, of process p × 10,000.
 */
export function* toEdn(history: History, source: string): Generator<string> {
  let index = 0;
  for (const event of history.events()) {
    if (event.call.source !== source) continue;
    const { outcome, ids } = event.call;
    const operations = outcome === 'ok' ? ids.length : 1;
    for (let position = 0; position < operations; position++) yield line(index++, position, event);
  }
}

function line(index: number, position: number, { type, call, timeNs }: HistoryEvent): string {
  const fields = [
    `:index ${index}`,
    `:type :${type}`,
    `:process ${call.process * MAX_COUNT + position}`,
    ':f :generate',
    `:value ${type === 'ok' ? call.ids[position] : 'nil'}`,
    `:time ${Math.round(timeNs)}`,
    `:tag ${JSON.stringify(call.source)}`,
    `:node ${JSON.stringify(call.agent)}`,
    ...(type === 'fail' || type === 'info' ? [`:error ${JSON.stringify(call.code)}`] : []),
  ];
  return `{${fields.join(', ')}}\n`;
}
