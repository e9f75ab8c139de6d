import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Report } from '@leafcutter/cli/verify/report';
import { ledgerPage } from '@leafcutter/shared/inspection';
import { leafcutter } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

const IDS = 20_000;
let coordinator: Service;
let agents: Service[];
let folder: string;

beforeAll(async () => {
  folder = await scratchDir('verify-command');
  coordinator = await Service.start({
    kind: 'coordinator',
    name: 'coordinator',
    flags: ['--data-dir', join(folder, 'data'), '--auto-create-tags'],
  });
  agents = await Promise.all(
    ['agent-1', 'agent-2'].map((name) => {
      const flags = ['--coordinators', coordinator.url, '--snowflake-enabled'];
      return Service.start({ kind: 'agent', name, flags });
    }),
  );
});

afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  await coordinator.stop();
});

async function verify(...flags: string[]) {
  const urls = agents.map(({ url }) => url).join(',');
  await using process = leafcutter(['verify', '--agents', urls, '--tag', 'orders,invoices', ...flags]);
  const { code } = await process.exited;
  return { code, output: process.tail(500) };
}

test('a real cluster passes, every ID in the ledger, and the history tells every call', async () => {
  const history = join(folder, 'run.jsonl');
  const { code, output } = await verify(
    ...['--snowflake', '--ids', String(IDS), '--coordinator', coordinator.url],
    ...['--history', history, '--json'],
  );
  const report = JSON.parse(output.slice(output.indexOf('{'))) as Report;
  expect({ code, report }).toMatchObject({
    code: 0,
    report: {
      verdict: 'ok',
      ids: IDS,
      instances: 2,
      unattributed: 0,
      refused: {},
      unanswered: {},
      duplicates: [],
      falling: [],
      ledger: { checked: true, ungranted: [], overlaps: [] },
    },
  });
  expect(report.singles).toBeGreaterThanOrEqual(IDS / 5);

  const lines = (await readFile(history, 'utf8')).trimEnd().split('\n');
  const events = lines.map((line) => JSON.parse(line) as { type: string; value?: (string | string[])[] });
  expect(events.filter(({ type }) => type === 'invoke')).toHaveLength(report.requests);
  expect(events).toHaveLength(2 * report.requests);
  const ids = events.flatMap(({ value = [] }) => value);
  const drawn = ids.reduce(
    (sum, id) => sum + (typeof id === 'string' ? 1n : BigInt(id[1] ?? 0) - BigInt(id[0] ?? 0)),
    0n,
  );
  expect(drawn).toBe(BigInt(IDS));
});

test('the verdict is for people, too, and a file for Jepsen has a line per ID and end', async () => {
  const { code, output } = await verify('--ids', '500', '--history', join(folder, 'run.edn'));
  expect(code).toBe(0);
  expect(output).toMatch(/^VERDICT: no violation in 500 IDs \(not checked against the ledger\)$/m);
  const files = await Promise.all(
    ['orders', 'invoices'].map((tag) => readFile(join(folder, `run.${tag}.edn`), 'utf8')),
  );
  expect(files.join('').match(/:type :ok, .*:value \d+/g)).toHaveLength(500);
});

test('the ledger is read in pages, and refuses what it does not know', async () => {
  // A range of each agent at least. More may come meanwhile, behind them.
  await Promise.all(agents.map(async ({ url }) => (await fetch(`${url}/v1/ids/orders`)).text()));
  const page = async (query: string) => ledgerPage.parse(await coordinator.json(`/v1/ledger?${query}`));
  const all = await page('tag=orders&limit=1000');
  expect(all.next).toBeNull();
  expect(all.ranges.length).toBeGreaterThan(1);
  expect(all.ranges.every(({ tag, machineId }) => tag === 'orders' && machineId === null)).toBe(true);
  const first = await page('tag=orders&limit=1');
  const others = await page(`tag=orders&limit=1000&after=${first.next}`);
  expect(others.ranges.slice(0, all.ranges.length - 1)).toEqual(all.ranges.slice(1));

  expect((await page(`tag=orders&after=${2n ** 63n - 2n}`)).ranges).toEqual([]);

  const windows = await page('machine=all');
  expect(windows.ranges.length).toBeGreaterThanOrEqual(2);
  const [window] = (await page('machine=all&limit=1')).ranges;
  expect(await page(`machine=all&after=${window?.machineId}:${window?.start}`)).toMatchObject({
    ranges: windows.ranges.slice(1),
  });
  for (const query of [
    '',
    'tag=a&machine=all',
    'machine=5',
    'tag=a&after=x',
    'tag=a&after=1:2',
    'machine=all&after=1',
    'tag=a&after=9223372036854775807',
  ]) {
    expect(await coordinator.json(`/v1/ledger?${query}`)).toMatchObject({ code: 'BAD_REQUEST' });
  }
});
