import { expect, test } from '@jest/globals';
import { startAgent } from '@leafcutter/agent/service';
import { agentSettings } from '@leafcutter/agent/settings';
import { startCoordinator } from '@leafcutter/coordinator/service';
import { coordinatorSettings } from '@leafcutter/coordinator/settings';
import { loadConfig } from '@leafcutter/shared/config/load-config';
import type { Settings, SettingTree } from '@leafcutter/shared/config/settings';
import { createLogger } from '@leafcutter/shared/logger';
import { createConnection } from 'mysql2/promise';
import { startMariadb } from '../support/mariadb-server.ts';
import { UNHURRIED } from '../support/patience.ts';
import { startRedis } from '../support/redis-server.ts';

const RESTARTS = 5;
const BASE_STEP = 50;
const log = createLogger('silent', {}, { write: () => undefined });
const output = { dropped: 0 };

function configure<T extends SettingTree>(
  settings: Settings<T>,
  service: 'agent' | 'coordinator',
  argv: string[],
) {
  const loaded = loadConfig(settings, { argv, env: UNHURRIED, cwd: '/', service, readFile: () => '' });
  if (loaded.config === undefined) throw new Error('no configuration');
  return loaded.config;
}

test('leaf_alloc.step stays what the operator set through restarts, while segments grow', async () => {
  await using redis = await startRedis();
  await using mariadb = await startMariadb();
  const url = await mariadb.createDatabase();
  for (let restart = 0; restart <= RESTARTS; restart++) {
    const stores = ['--listen', '127.0.0.1:0', '--mysql-url', url, '--redis-url', redis.url];
    const coordinator = await startCoordinator(
      configure(coordinatorSettings, 'coordinator', stores),
      log,
      output,
    );
    if (restart === 0) {
      const body = JSON.stringify({ tag: 'grown', step: BASE_STEP });
      const headers = { 'content-type': 'application/json' };
      await fetch(`${coordinator.url}/v1/tags`, { method: 'POST', headers, body });
    }
    const agent = await startAgent(
      configure(agentSettings, 'agent', ['--listen', '127.0.0.1:0', '--coordinators', coordinator.url]),
      log,
      output,
    );
    // Several segments are used up at once, so the rule doubles the step within this process' life.
    for (let batch = 0; batch < 10; batch++) {
      const response = await fetch(`${agent.url}/v1/ids/grown?count=${BASE_STEP}`);
      expect(response.status).toBe(200);
      await response.text();
    }
    await agent.stop();
    await coordinator.stop();
  }

  const connection = await createConnection(url);
  const [[row]] = (await connection.query(
    "SELECT step FROM leaf_alloc WHERE biz_tag = 'grown'",
  )) as unknown as [[{ step: number }]];
  const [ranges] = (await connection.query(
    "SELECT range_end - range_start AS size FROM leafcutter_ledger WHERE kind = 't' AND name = 'grown'",
  )) as unknown as [{ size: number }[]];
  await connection.end();
  expect(row.step).toBe(BASE_STEP);
  // The control: steps were adapted, so there was something that could have been written back.
  expect(ranges.some(({ size }) => size >= 4 * BASE_STEP)).toBe(true);
});
