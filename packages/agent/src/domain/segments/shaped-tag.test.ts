import { describe, expect, test } from '@jest/globals';
import { settle } from '@leafcutter/shared/fake-clock';
import { Shape } from '@leafcutter/shared/shape';
import { issuing } from '../../fakes/issuing.ts';

describe('a tag with a shape', () => {
  const shape = Shape.parse('O{base36:8}');

  test('gives no bare number from memory; what is taken knows its shape', async () => {
    const { newIssuer, source } = issuing();
    source.mode = 'held';
    const issuer = newIssuer();
    const caller = issuer.take(3);
    await settle();
    source.release({ start: 1n, end: 101n, shape });
    expect(await caller).toEqual([{ start: 1n, end: 4n, shape }]);
    expect(issuer.takeOne()).toBeUndefined();
    expect(issuer.takeExact()).toBeUndefined();
    expect(issuer.shape).toBe(shape);
    expect(await issuer.take(1)).toEqual([{ start: 4n, end: 5n, shape }]);
    expect(issuer.takeBlockNow(5)).toEqual({ start: 5n, end: 10n, shape });
  });
});
