import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { FAT_BUFFERS } from '@leafcutter/shared/fakes/samples';
import { Health } from '@leafcutter/shared/health';
import { createLogger } from '@leafcutter/shared/logger';
import { agentRecord } from '../fakes/samples.ts';
import type { CoordinatorConfig } from '../settings/settings.ts';
import { openStores } from './open-stores.ts';

test('the roster of an embedded coordinator has the room of rosterMaxMb', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'leafcutter-roster-'));
  const config = { dataDir, rosterMaxMb: 1, mysql: {}, redis: {} } as unknown as CoordinatorConfig;
  const clock = new FakeClock();
  const log = createLogger('silent', {}, { write: () => undefined });
  const stores = await openStores(config, clock, log, new Health(clock, log));
  let kept = 0;
  const enters = async () =>
    (await stores.roster.report([agentRecord(kept, 0, [...FAT_BUFFERS])]))[0] === 'entered';
  while (kept < 200 && (await enters())) kept += 1;
  expect([kept > 20, kept < 200]).toEqual([true, true]);
  await stores.close();
  rmSync(dataDir, { recursive: true });
});
