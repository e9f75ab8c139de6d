import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { parseBody } from './parse-body.ts';

const schema = z.strictObject({
  step: z.int().min(1),
  inner: z.strictObject({ name: z.string() }).optional(),
});

describe('a body', () => {
  test('that fits is read', () => {
    expect(parseBody(schema, { step: 5 })).toEqual({ step: 5 });
  });

  test.each<[unknown, string]>([
    [undefined, 'body'],
    [{}, 'step'],
    [{ step: '5' }, 'step'],
    [{ step: 0 }, 'step'],
    [{ step: 5, inner: { name: 7 } }, 'inner.name'],
    [{ step: 5, stpe: 6 }, 'stpe'],
    [[], 'body'],
    ['text', 'body'],
    [null, 'body'],
  ])('%j is refused, naming %p', (body, field) => {
    expect(() => parseBody(schema, body)).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST', reason: field, message: expect.stringContaining('.') }),
    );
  });
});
