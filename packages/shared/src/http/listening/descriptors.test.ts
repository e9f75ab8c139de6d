import { describe, expect, test } from '@jest/globals';
import { descriptorLimit, fitConnections, parseLimit } from './descriptors.ts';

describe('the files that a process may open', () => {
  test('are what the system says', () => {
    const limits = [
      'Limit                     Soft Limit           Hard Limit           Units     ',
      'Max processes             127340               127340               processes ',
      'Max open files            4096                 8192                 files     ',
    ];
    expect(parseLimit(limits.join('\n'))).toBe(4_096);
    expect(
      parseLimit('Max open files            unlimited            unlimited            files'),
    ).toBeUndefined();
    if (process.platform === 'linux') expect(descriptorLimit()).toBeGreaterThan(0);
  });

  test.each([
    ['are enough', 10_000, 1, 1_048_576, 10_000],
    ['are few: some are kept for stores and log', 10_000, 1, 4_096, 3_840],
    ['are few: doors share them', 10_000, 3, 4_096, 1_280],
    ['are very few: half is kept', 10_000, 2, 128, 32],
    ['are none: a door is open all the same', 10_000, 4, 3, 1],
  ])('%s', (_what, most, doors, limit, fits) => {
    expect(fitConnections(most, doors, limit)).toBe(fits);
  });
});
