import { beforeEach, describe, expect, test } from '@jest/globals';
import { LeafcutterError } from '@leafcutter/shared/errors';
import type { StoreCall } from '../sql/serving.ts';
import { StoreTrouble } from '../trouble.ts';
import { MysqlServing } from './serving.ts';

let trouble: StoreTrouble;
let serving: MysqlServing;

beforeEach(() => {
  trouble = new StoreTrouble();
  serving = new MysqlServing(trouble);
});

/** A grant of seven statements, which somebody waited for that long. */
function grant(tookMs: number, leftMs: number | undefined): StoreCall {
  return { writes: true, statements: 7, tookMs, leftMs };
}

function single(writes: boolean, tookMs: number): StoreCall {
  return { writes, statements: 1, tookMs, leftMs: undefined };
}

/** Three grants that nobody waits for any more when they are there. */
function threeTooLate(): void {
  for (let n = 0; n < 3; n++) serving.served(grant(2_100.4, 1_400), -700);
}

const refused = (reason: string) => new LeafcutterError('STORE_UNAVAILABLE', reason, { reason });

describe('a server is slow', () => {
  test('after three grants in a row that came too late', () => {
    serving.served(grant(2_100, 1_400), -700);
    serving.served(grant(2_100, 1_400), -700);
    serving.served(grant(700, 1_400), 700);
    serving.served(grant(2_100, 1_400), -700);
    serving.served(grant(2_100, 1_400), -700);
    expect(trouble.last).toBeUndefined();
    serving.served(grant(2_100.4, 1_400), -700);
    expect(trouble.last).toEqual({
      reason: 'deadline',
      words:
        'each statement is answered, but the 7 of a grant took 2100 ms together, and the request waited 1400 ms',
    });
  });

  test.each([
    ['something else than the server took so long', grant(300, 1_400), -700],
    ['it was too late already when it came to the server', grant(300, -1), -301],
    ['nobody waits for it', grant(9_000, undefined), undefined],
  ])('but not if %s', (_why, call, leftMs) => {
    for (let n = 0; n < 9; n++) serving.served(call, leftMs);
    expect(trouble.last).toBeUndefined();
  });

  test('in one sentence, however long the next grants take', () => {
    threeTooLate();
    const { last } = trouble;
    serving.served(grant(3_000, 1_400), -1_600);
    expect(trouble.last).toBe(last);
  });

  test.each([
    ['a grant in time', grant(700, 1_400), 700, undefined],
    ['a write that is twice as fast', single(true, 149), undefined, undefined],
    ['a write that is as slow', single(true, 290), undefined, 'deadline'],
    ['a read, which says nothing of COMMIT', single(false, 1), undefined, 'deadline'],
  ])('after %s or no longer', (_what, call, leftMs, reason) => {
    threeTooLate();
    serving.served(call, leftMs);
    expect(trouble.last?.reason).toBe(reason);
  });
});

test('a server that refuses writes does so until it takes one', () => {
  serving.failed(refused('read_only'), single(true, 1));
  serving.served(single(false, 1));
  expect(trouble.last?.reason).toBe('read_only');
  serving.served(single(true, 1));
  expect(trouble.last).toBeUndefined();
});

test('what the server is not to blame for is not told', () => {
  serving.failed(refused('deadlock'), single(true, 1));
  serving.failed(new Error('ours'), single(true, 1));
  expect(trouble.last).toBeUndefined();
});
