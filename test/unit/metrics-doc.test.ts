import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { metricsPage } from '@leafcutter/shared/metric-catalogue';
import { metricCatalogues } from '../support/silent-metrics.ts';

const services = metricCatalogues();

test('docs/metrics.md is what the metrics in the source say (npm run build writes it)', () => {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  expect(page).toBe(metricsPage(services));
});

test('every metric is named after Prometheus’ conventions and has a sentence of help', () => {
  const entries = Object.values(services).flat();
  expect(entries.length).toBeGreaterThan(75);
  for (const { name, type, help } of entries) {
    expect([name, type === 'counter']).toEqual([name, name.endsWith('_total')]);
    expect([name, help]).toEqual([name, expect.stringMatching(/^[A-Z0-9].{10,}\.$/)]);
    // Base units only: seconds, not milliseconds.
    expect(name).not.toMatch(/_(ms|milliseconds|minutes|days|percent)(_|$)/);
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
  }
});
