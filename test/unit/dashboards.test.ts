import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const SOURCE = new URL('../../scripts/grafana-dashboards.mjs', import.meta.url).pathname;
const FOLDER = new URL('../../deploy/grafana/dashboards/', import.meta.url);

test('the dashboards are what their source says (npm run build writes them)', async () => {
  const { DASHBOARDS } = (await import(SOURCE)) as { DASHBOARDS: Record<string, object> };
  expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(DASHBOARDS).sort());
  for (const [file, dashboard] of Object.entries(DASHBOARDS)) {
    expect(JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(dashboard)),
    );
  }
});
