import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

jest.setTimeout(60_000);

const DELAY_MS = 2_000;

async function status(url: string): Promise<number | undefined> {
  const response = await fetch(url, { headers: { connection: 'close' } }).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.status;
}

test('services asked to stop say so to load balancers first, serve meanwhile, and end with 0', async () => {
  const data = join(await scratchDir('drain'), 'data');
  const delay = ['--drain-delay-ms', String(DELAY_MS)];
  const coordinator = await Service.start({
    ...{ kind: 'coordinator', name: 'coordinator' },
    flags: ['--data-dir', data, '--auto-create-tags', ...delay],
  });
  const agent = await Service.start({
    ...{ kind: 'agent', name: 'agent', flags: ['--coordinators', coordinator.url, ...delay] },
  });
  const places = [
    { service: agent, served: `${agent.url}/v1/ids/orders` },
    { service: coordinator, served: `${coordinator.url}/v1/tags` },
  ];
  for (const { service, served } of places) {
    expect([await status(`${service.url}/readyz`), await status(served)]).toEqual([200, 200]);
    const stopped = service.process.stop(20_000);
    await service.process.waitForLine(/is stopping/);
    expect([await status(`${service.url}/readyz`), await status(served)]).toEqual([503, 200]);
    expect((await stopped).code).toBe(0);
    expect(await status(served)).toBeUndefined();
  }
});
