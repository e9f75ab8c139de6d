import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ChildService } from './child-service.ts';

test('a service that takes too long is told with the file of its log', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'leafcutter-test-'));
  const logFile = join(folder, 'logs', 'agent-1.log');
  const sleeper: [string, ...string[]] = [process.execPath, '-e', 'setInterval(() => undefined, 1_000)'];
  const service = new ChildService('agent-1', sleeper, { logFile, cwd: '.', env: {}, err: () => undefined });
  await expect(service.ready('http://127.0.0.1:9/readyz', 0)).rejects.toThrow(
    `agent-1 did not become ready in 0 s; its log is ${logFile}.`,
  );
  expect(service.running).toBe(true);
  await service.stop();
  expect(service.running).toBe(false);
  rmSync(folder, { recursive: true });
});
