import { describe, expect, test } from '@jest/globals';
import { Renames } from './renames.ts';

describe('a rename', () => {
  test.each([
    [['a=b'], 'a', 'b'],
    [['a=b'], 'aa', 'aa'],
    [['shop.*=*'], 'shop.order', 'order'],
    [['shop.*=*'], 'shop.', ''],
    [['shop.*=*'], 'xshop.order', 'xshop.order'],
    [['*@2026=old-*'], 'order@2026', 'old-order'],
    [['a*a=*'], 'a', 'a'],
    [['*=eu:*'], 'order', 'eu:order'],
    [['a=b=c'], 'a=b', 'c'],
    [['*=x-*', 'order=y'], 'order', 'y'],
    [['o*=1-*', 'or*=2-*'], 'order', '1-rder'],
  ])('%j makes %s the tag %s', (texts, name, tag) => {
    expect(new Renames(texts).tagOf(name)).toBe(tag);
  });

  test.each(['', 'a', '=b', 'a*=b', 'a=b*', 'a**=b*', 'a*=b**'])('%j is refused', (text) => {
    expect(() => new Renames([text])).toThrow('--rename must be OLD=NEW');
  });

  test('that fits no counter is told', () => {
    const renames = new Renames(['a=b', 'ordr=order', 'x.*=*']);
    renames.tagOf('a');
    expect(renames.unused).toEqual(['ordr=order', 'x.*=*']);
  });
});
