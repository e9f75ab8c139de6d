import { Duplex } from 'node:stream';
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import { describe, expect, test } from '@jest/globals';
import type { LeafcutterError } from '@leafcutter/shared/errors';
import { Scope } from '@leafcutter/shared/http/tokens';
import type { DrawRequest__Output as DrawRequest } from '../../generated/leafcutter/v1/DrawRequest.ts';
import type { DrawResponse } from '../../generated/leafcutter/v1/DrawResponse.ts';
import { textsOf } from '../batches.ts';
import type { Dispenser } from '../dispenser.ts';
import type { Calls } from './calls.ts';
import { DrawStream } from './draw-stream.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A stream over a call that the test drives, and a dispenser whose batches the test answers. */
function drawing() {
  const answers: DrawResponse[] = [];
  const ended: { code: number }[] = [];
  const waits: ((start: bigint) => void)[] = [];
  let taken = 0n;
  const call = new Duplex({
    objectMode: true,
    read: () => undefined,
    write(response: DrawResponse, _encoding, done) {
      answers.push(response);
      done();
    },
  });
  Object.assign(call, { cancelled: false, getPath: () => '/test' });
  // As the library does: it sends the status that is emitted.
  call.on('error', (error) => ended.push(error as unknown as { code: number }));
  const ids = {
    oneNow: () => ++taken,
    digits: (_by: Scope, _tag: string, count: number) =>
      new Promise((resolve) =>
        waits.push((start) => resolve([...textsOf([{ start, end: start + BigInt(count) }])])),
      ),
    texts: async (_by: Scope, _tag: string, count: number) => [
      Array.from({ length: count }, (_, n) => `ORD-${n + 1}`),
    ],
  } as unknown as Dispenser;
  const calls = {
    refused: (error: LeafcutterError) => error,
    failed: () => ({ code: status.UNAVAILABLE }),
  } as unknown as Calls;
  const stream = new DrawStream(
    call as unknown as ServerDuplexStream<DrawRequest, DrawResponse>,
    calls,
    ids,
    () => Scope.all,
  );
  const ask = (correlation: number, count = 1, text = false) =>
    call.push({ correlation: String(correlation), tag: 'orders', count, snowflake: false, text });
  return { answers, ask, call, ended, stream, taken: () => taken, waits };
}

describe('a stream of requests', () => {
  test('is answered in order: what comes behind a request that waits is not read', async () => {
    const { answers, ask, taken, waits } = drawing();
    for (const [correlation, count] of [[1], [2, 3], [3]] as const) ask(correlation, count);
    await settled();
    expect(answers).toEqual([{ correlation: '1', ids: ['1'] }]);
    expect(taken()).toBe(1n);
    waits[0]?.(100n);
    await settled();
    expect(answers.slice(1)).toEqual([
      { correlation: '2', ids: ['100', '101', '102'] },
      { correlation: '3', ids: ['2'] },
    ]);
  });

  test('is answered whole when the client has sent its last request', async () => {
    const { answers, ask, call, waits } = drawing();
    ask(1, 2);
    call.push(null);
    await settled();
    expect(call.writableEnded).toBe(false);
    waits[0]?.(7n);
    await settled();
    expect(answers).toEqual([{ correlation: '1', ids: ['7', '8'] }]);
    expect(call.writableEnded).toBe(true);
  });

  test('takes nothing for what is read after it was ended', async () => {
    const { answers, ask, ended, stream, taken } = drawing();
    ask(1);
    await settled();
    stream.finish();
    ask(2);
    await settled();
    expect(ended).toEqual([{ code: status.UNAVAILABLE }]);
    expect(answers).toHaveLength(1);
    expect(taken()).toBe(1n);
  });

  test('gives the answer that is owed before the agent’s stopping ends it', async () => {
    const { answers, ask, ended, stream, waits } = drawing();
    ask(1, 2);
    await settled();
    stream.finish();
    expect(ended).toEqual([]);
    waits[0]?.(7n);
    await settled();
    expect(answers).toEqual([{ correlation: '1', ids: ['7', '8'] }]);
    expect(ended).toEqual([{ code: status.UNAVAILABLE }]);
  });

  test('answers as the tag writes its IDs if that is asked for, and with numbers if it is not', async () => {
    const { answers, ask } = drawing();
    ask(1, 2, true);
    ask(2);
    await settled();
    expect(answers).toEqual([
      { correlation: '1', texts: ['ORD-1', 'ORD-2'] },
      { correlation: '2', ids: ['1'] },
    ]);
  });

  test('answers a request past the bound with a failure, and goes on', async () => {
    const { answers, ask } = drawing();
    ask(1, 10_001);
    ask(2);
    await settled();
    expect(answers).toMatchObject([
      { correlation: '1', failure: { code: 'BAD_REQUEST', reason: 'count', retryable: false } },
      { correlation: '2', ids: ['1'] },
    ]);
  });
});
