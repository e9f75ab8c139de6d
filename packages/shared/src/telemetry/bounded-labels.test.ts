import { expect, test } from '@jest/globals';
import { BoundedLabels, OTHER_LABEL } from './bounded-labels.ts';

test('the first names keep their names, all others share one', () => {
  const labels = new BoundedLabels(2);
  expect(['a', 'b', 'c', 'a', 'd'].map((name) => labels.labelOf(name))).toEqual([
    'a',
    'b',
    OTHER_LABEL,
    'a',
    OTHER_LABEL,
  ]);
});
