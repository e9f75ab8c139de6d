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
    kind: 'coordinator',
    name: 'c1',
    env,
    flags: ['--data-dir', join(folder, 'data'), '--auto-create-tags', '--snowflake-heartbeat-ms', '200'],
  });
  const agent = await Service.start({
    kind: 'agent',
    name: 'a1',
    env,
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
    /** A call as the agent saw it, and below it as the coordinator did. */
    const pairs = () =>
      wanted.map((name) => {
        const ofAgent = spans().find((span) => span.name === name && span.kind === 2);
        return [
          ofAgent,
          spans().find(({ parentId }) => parentId !== undefined && parentId === ofAgent?.spanId),
        ];
      });
    const failed = () => spans().filter(({ attributes }) => attributes['error.type'] === 'TAG_UNKNOWN');
    // Each process writes its spans in its own time.
    const isAllThere = () => existsSync(file) && pairs().flat().every(Boolean) && failed().length >= 2;
    expect({ all: await poll(isAllThere), spans: spans() }).toMatchObject({ all: true });
    for (const [index, [ofAgent, ofCoordinator]] of pairs().entries())
      expect(ofCoordinator).toMatchObject({ name: wanted[index], kind: 1, traceId: ofAgent?.traceId });
    expect(spans().find(({ attributes }) => attributes['leafcutter.tag'] === 'orders')).toBeDefined();
    expect(failed()).toMatchObject([{ status: 2 }, { status: 2 }]);
  } finally {
    await agent.stop();
    await coordinator.stop();
  }
});
