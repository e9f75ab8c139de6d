import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { poll } from '../support/poll.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

const SDK = fileURLToPath(new URL('../support/spans-to-file.mjs', import.meta.url));

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId?: string;
}

test('with an SDK loaded, refills and lease calls are spans, and the coordinator’s lie below the agent’s', async () => {
  const folder = await scratchDir('tracing');
  const file = join(folder, 'spans');
  const env = { NODE_OPTIONS: `--import ${SDK}`, SPANS_FILE: file };
  const coordinator = await Service.start({
    ...{ kind: 'coordinator', name: 'c1', env },
    flags: ['--data-dir', join(folder, 'data'), '--auto-create-tags', '--snowflake-heartbeat-ms', '200'],
  });
  const agent = await Service.start({
    ...{ kind: 'agent', name: 'a1', env },
    flags: ['--coordinators', coordinator.url, '--snowflake-enabled'],
  });
  try {
    await fetch(`${agent.url}/v1/ids/orders`);
    await fetch(`${agent.url}/v1/ids/-no-name-`);
    const spans = () =>
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Span);
    const wanted = ['refill', 'lease grant', 'lease renew'];
    const all = await poll(
      () =>
        existsSync(file) && wanted.every((name) => spans().filter((span) => span.name === name).length >= 2),
    );
    expect({ all, spans: spans() }).toMatchObject({ all: true });
    for (const name of wanted) {
      const ofAgent = spans().find((span) => span.name === name && span.kind === 2);
      const ofCoordinator = spans().find((span) => span.parentId === ofAgent?.spanId);
      expect(ofCoordinator).toMatchObject({ name, kind: 1, traceId: ofAgent?.traceId });
    }
    expect(spans().find(({ attributes }) => attributes['leafcutter.tag'] === 'orders')).toBeDefined();
    const failed = spans().filter(({ attributes }) => attributes['error.type'] === 'TAG_UNKNOWN');
    expect(failed).toMatchObject([{ status: 2 }, { status: 2 }]);
  } finally {
    await agent.stop();
    await coordinator.stop();
  }
});
