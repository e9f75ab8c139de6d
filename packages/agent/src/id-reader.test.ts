import { expect, test } from '@jest/globals';
import { IdReader } from './id-reader.ts';

const ANSWER = { tag: 'orders', number: '7', shape: 'S-{decimal:3}' };

test('asks the coordinators for no more than sixteen IDs at once, and again as soon as one is read', async () => {
  const open: ((answer: typeof ANSWER) => void)[] = [];
  const reader = new IdReader({ decode: () => new Promise((resolve) => open.push(resolve)) });
  const asked = Array.from({ length: 16 }, () => reader.read('orders', 'S-007'));
  await expect(reader.read('orders', 'S-007')).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    reason: 'reads',
  });
  expect(open).toHaveLength(16);
  open[0]?.(ANSWER);
  expect(await asked[0]).toEqual(ANSWER);
  void reader.read('orders', 'S-007');
  expect(open).toHaveLength(17);
});

test('one that failed is under way no more', async () => {
  const reader = new IdReader({ decode: () => Promise.reject(new Error('away')) });
  for (let n = 0; n < 40; n++) await expect(reader.read('orders', 'S-007')).rejects.toThrow('away');
});
