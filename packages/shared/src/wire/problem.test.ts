import { describe, expect, test } from '@jest/globals';
import { ERROR_CODES, type ErrorCode, isErrorCode, LeafcutterError, toLeafcutterError } from '../errors.ts';
import { fromProblem, retryAfterSeconds, toProblem } from './problem.ts';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

describe('a problem document', () => {
  test('has what RFC 9457 wants, with code, reason and when to ask again', () => {
    const error = new LeafcutterError('CLOCK_BACKWARDS', 'The clock is behind.', {
      reason: 'drift',
      retryAfterMs: 1_200,
    });
    expect(toProblem(error)).toEqual({
      type: 'urn:leafcutter:error:CLOCK_BACKWARDS',
      title: 'The clock is behind the last ID',
      status: 503,
      detail: 'The clock is behind.',
      code: 'CLOCK_BACKWARDS',
      retryable: true,
      reason: 'drift',
      retryAfterMs: 1_200,
    });
  });

  test('leaves out what is not known', () => {
    const document = toProblem(new LeafcutterError('TAG_UNKNOWN', 'No.'));
    expect(Object.keys(document)).toEqual(['type', 'title', 'status', 'detail', 'code', 'retryable']);
  });

  test('of something unexpected tells nothing of it', () => {
    const secret = new Error('password=hunter2 at /srv/app.ts:12');
    const text = JSON.stringify(toProblem(secret));
    expect(text).toContain('INTERNAL');
    expect(text).not.toMatch(/hunter2|app\.ts|stack/);
    expect(toLeafcutterError(secret).cause).toBe(secret);
  });

  test('of an error with a cause does not show the cause', () => {
    const error = new LeafcutterError('STORE_UNAVAILABLE', 'No answer.', {
      cause: new Error('root@10.0.0.1'),
    });
    expect(JSON.stringify(toProblem(error))).not.toContain('10.0.0.1');
  });

  test.each(CODES)('is read back as it was written: %s', (code) => {
    const error = new LeafcutterError(code, 'What to do.', { reason: 'why', retryAfterMs: 7 });
    const read = fromProblem(JSON.parse(JSON.stringify(toProblem(error))));
    expect(read).toMatchObject({ code, message: 'What to do.', reason: 'why', retryAfterMs: 7 });
    expect(read).toMatchObject({ status: ERROR_CODES[code].status, retryable: ERROR_CODES[code].retryable });
  });

  test.each([undefined, null, 'text', 5, [], {}, { code: 'NOT_OURS' }, { code: 'toString' }, { code: 5 }])(
    'is not %p',
    (document) => {
      expect(fromProblem(document)).toBeUndefined();
    },
  );

  test('from elsewhere with odd fields keeps only those that make sense', () => {
    const read = fromProblem({ code: 'TAG_UNKNOWN', detail: 7, reason: {}, retryAfterMs: 'soon' });
    expect(read).toMatchObject({ code: 'TAG_UNKNOWN', message: 'The tag does not exist' });
    expect(read?.reason).toBeUndefined();
    expect(read?.retryAfterMs).toBeUndefined();
  });
});

describe('Retry-After', () => {
  test.each([
    [undefined, 1],
    [0, 1],
    [1, 1],
    [1_000, 1],
    [1_001, 2],
    [60_000, 60],
  ])('of %p ms is %p whole seconds, at least one', (retryAfterMs, seconds) => {
    const details = retryAfterMs === undefined ? {} : { retryAfterMs };
    expect(retryAfterSeconds(new LeafcutterError('RATE_LIMITED', 'No.', details))).toBe(seconds);
  });

  test('is not said where asking again cannot help', () => {
    const final = CODES.filter((code) => !ERROR_CODES[code].retryable);
    expect(final).toContain('TAG_UNKNOWN');
    for (const code of final) expect(retryAfterSeconds(new LeafcutterError(code, 'No.'))).toBeUndefined();
  });
});

test('a code is known by its own name only, not by what objects inherit', () => {
  expect(isErrorCode('TAG_UNKNOWN')).toBe(true);
  for (const other of ['constructor', '__proto__', 'tag_unknown', '', undefined])
    expect(isErrorCode(other)).toBe(false);
});
