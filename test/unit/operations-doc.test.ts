import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const page = read('docs/operations.md');
const alerts = [...read('deploy/prometheus/alerts.yml').matchAll(/- alert: (\w+)/g)].map(
  ([, name]) => name ?? '',
);
const rows = page.split('\n').filter((line) => line.startsWith('| `Leafcutter'));
const told = rows.flatMap((row) =>
  [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name ?? ''),
);

describe('docs/operations.md', () => {
  test('tells of every alert, and of no other', () => {
    expect(alerts.length).toBeGreaterThan(15);
    expect([...told].sort()).toEqual([...alerts].sort());
  });

  test('tells of each what it means, what to look at and what to do', () => {
    for (const row of rows)
      expect([
        row,
        row
          .split('|')
          .slice(2, 5)
          .every((cell) => cell.trim().length > 5),
      ]).toEqual([row, true]);
  });
});
