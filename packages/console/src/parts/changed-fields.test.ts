import { expect, test } from '@jest/globals';
import { changedFields } from './changed-fields.ts';

test('a change tells each field before and after; what is not set is the default', () => {
  const change = { before: { step: 1_000, maxStep: null }, after: { step: 50, maxStep: 200 } };
  expect(changedFields(change)).toEqual([
    { field: 'step', before: '1000', after: '50' },
    { field: 'maxStep', before: 'default', after: '200' },
  ]);
});

test('of what was made only what was set is told, and of what is gone nothing', () => {
  expect(changedFields({ before: null, after: { state: 'active', step: 50, maxStep: null } })).toEqual([
    { field: 'step', before: undefined, after: '50' },
  ]);
  expect(changedFields({ before: { step: 1 }, after: null })).toEqual([]);
});
