import { describe, expect, test } from '@jest/globals';
import { holder } from '../../fakes/samples.ts';
import { buffer, watching } from '../../fakes/watching.ts';

describe('a large fleet', () => {
  test('is not read: a look shows its first agents, those in trouble and who runs out first', async () => {
    const { clock, roster, watch, report } = watching();
    for (let n = 1; n <= 300; n++) await report(n);
    await report(250, { clock: { offsetMs: 9_000, skewed: true } });
    await report(280, { tags: [buffer('orders', { runwaySeconds: 2 })] });
    let read = 0;
    const { page, read: readSome } = roster;
    roster.page = async (query) => {
      const found = await page.call(roster, query);
      read += found.agents.length;
      return found;
    };
    roster.read = async (ids) => {
      read += ids.length;
      return readSome.call(roster, ids);
    };
    watch.start();
    await clock.advance(0);
    expect(watch.fleet?.counts).toMatchObject({ agents: 300, alive: 300 });
    expect(watch.fleet?.ratePerSecond).toBe(900);
    expect(watch.fleet?.agents.map(({ agentId }) => agentId)).toEqual([
      ...Array.from({ length: 100 }, (_, n) => `agent-${n + 1}`),
      'agent-250',
      'agent-280',
    ]);
    expect(read).toBe(102);
    expect(watch.fleet?.tags).toMatchObject([{ tag: 'orders', agents: 300, runwaySeconds: 2 }]);
  });

  test('reports less often while somebody watches, so that no more than 500 reports a second come', async () => {
    const { clock, watch, roster } = watching();
    roster.counts = async () => ({ alive: 20_000, silent: 0, unheard: 0 });
    watch.subscribe(() => undefined);
    await clock.advance(1_000);
    expect(await watch.nextReportMs()).toBe(40_000);
  });

  test('is searched part by part for the holders of a tag that somebody watches', async () => {
    const { clock, watch, report } = watching();
    for (let n = 1; n <= 1_100; n++) await report(n, { tags: [buffer(n % 550 === 0 ? 'rare' : 'orders')] });
    watch.subscribe(() => undefined, { tag: 'rare' });
    const found = () => watch.tag('rare').holders.map(({ agentId }) => agentId);
    await clock.advance(0);
    expect(found()).toEqual(['agent-550']);
    await clock.advance(1_000);
    expect(found()).toEqual(['agent-550', 'agent-1100']);
    expect(watch.tag('rare')).toMatchObject({ ratePerSecond: 6 });
  });

  test('tells of every process of an agent that somebody watches', async () => {
    const { clock, watch, report } = watching();
    const { agentId } = holder(1);
    await report(1);
    await report(2, { agentId });
    await report(3);
    watch.subscribe(() => undefined, { agent: agentId });
    await clock.advance(0);
    expect(
      watch
        .agent(agentId)
        .instances.map(({ status }) => status.instanceId)
        .sort(),
    ).toEqual([1, 2].map((n) => holder(n).instanceId));
  });
});
