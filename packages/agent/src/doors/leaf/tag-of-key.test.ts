import { describe, expect, test } from '@jest/globals';
import { type DottedKeys, tagOfKey } from './tag-of-key.ts';

const REFUSED = 'dotted_key';

function tagOr(path: string, dottedKeys: DottedKeys): string {
  try {
    return tagOfKey(path, dottedKeys);
  } catch (error) {
    return String((error as { reason?: string }).reason);
  }
}

describe('a key at Leaf’s door', () => {
  test.each([
    // As it stands in the address, what Leaf draws from, what we draw from if the whole key is meant.
    ['order', 'order', 'order'],
    ['order/', 'order', 'order'],
    ['a-b_c:d', 'a-b_c:d', 'a-b_c:d'],
    ['gr%C3%B6%C3%9Fe', 'größe', 'größe'],
  ])('%s is the tag that it names, whatever is set', (path, leaf, whole) => {
    expect(tagOr(path, 'cut')).toBe(leaf);
    expect(tagOr(path, 'whole')).toBe(whole);
    expect(tagOr(path, 'refuse')).toBe(whole);
  });

  test.each([
    ['acct.v2', 'acct', 'acct.v2'],
    ['order.json', 'order', 'order.json'],
    ['com.shop.order', 'com.shop', 'com.shop.order'],
    ['a..b', 'a.', 'a..b'],
    ['acct.', 'acct', 'acct.'],
    ['.acct', '', '.acct'],
    ['acct%2Ev2', 'acct', 'acct.v2'],
    ['order;v=1', 'order', 'order;v=1'],
    ['order;v=1/', 'order', 'order;v=1'],
    ['order;v=1.5', 'order', 'order;v=1.5'],
    ['acct.v2;jsessionid=A.B', 'acct', 'acct.v2;jsessionid=A.B'],
    ['order%3Bv', 'order;v', 'order;v'],
  ])('%s is cut as Leaf cuts it, meant whole, or refused', (path, leaf, whole) => {
    expect(tagOr(path, 'cut')).toBe(leaf);
    expect(tagOr(path, 'whole')).toBe(whole);
    // An escaped semicolon is a part of the name, for Leaf too.
    expect(tagOr(path, 'refuse')).toBe(leaf === whole ? whole : REFUSED);
  });

  test('with a dot and a slash behind it is refused, unless it is meant whole', () => {
    expect(tagOr('acct.v2/', 'cut')).toBe(REFUSED);
    expect(tagOr('acct.v2/', 'refuse')).toBe(REFUSED);
    expect(tagOr('acct.v2/', 'whole')).toBe('acct.v2');
  });
});
