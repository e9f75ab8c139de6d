import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const SOURCE = new URL('../../scripts/grafana-dashboards.mjs', import.meta.url).pathname;
const FOLDER = new URL('../../deploy/grafana/dashboards/', import.meta.url);

test('the dashboards are what their source says (npm run build writes them)', async () => {
  const { DASHBOARDS, dashboardText } = (await import(SOURCE)) as {
    DASHBOARDS: Record<string, object>;
    dashboardText: (dashboard: object) => string;
  };
  expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(DASHBOARDS).sort());
  for (const [file, dashboard] of Object.entries(DASHBOARDS)) {
    const text = readFileSync(new URL(file, FOLDER), 'utf8');
    expect(text).toBe(dashboardText(dashboard));
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(dashboard)));
  }
});
