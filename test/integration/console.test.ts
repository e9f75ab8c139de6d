import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { VERSION } from '@leafcutter/shared/version';
import type { Browser, Page } from 'playwright-core';
import { openPage, startBrowser } from '../support/browser.ts';
import { Cluster } from '../support/cluster.ts';
import { DrawingLoad } from '../support/drawing-load.ts';
import { type MariadbServer, startMariadb } from '../support/mariadb-server.ts';
import { poll } from '../support/poll.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';

const ADMIN = 'admin-token';
const VIEWER = 'viewer-token';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let mariadb: MariadbServer;
let redis: RedisServer;
let cluster: Cluster;
let load: DrawingLoad;
let browser: Browser;

beforeAll(async () => {
  [mariadb, redis, browser] = await Promise.all([startMariadb(), startRedis(), startBrowser()]);
  cluster = await Cluster.start({
    mysqlUrl: await mariadb.createDatabase(),
    redisUrl: redis.url,
    coordinators: 2,
    agents: 3,
    coordinatorFlags: ['--admin-tokens', ADMIN, '--viewer-tokens', VIEWER],
    agentFlags: ['--snowflake-enabled', '--report-interval-ms', '1000'],
  });
  await cluster.createTag('orders', { step: 2_000, maxStep: 4_000, description: 'All of them' }, ADMIN);
  load = new DrawingLoad(cluster.agents, '/v1/ids/orders?count=7');
});

afterAll(async () => {
  await load?.stop();
  await browser?.close();
  await cluster?.[Symbol.asyncDispose]();
  await mariadb?.dispose();
  await redis?.stop();
});

const url = (path = '') => `${cluster.coordinators[0]?.url}/${path}`;

/** A page of the console, signed in. The browser's complaints are checked when the page is left. */
async function visiting(path: string, token: string | undefined, visit: (page: Page) => Promise<void>) {
  const { page, complaints } = await openPage(browser);
  await page.goto(url(path));
  if (token !== undefined) await signIn(page, token);
  try {
    await visit(page);
  } catch (error) {
    throw new Error(`The page says:\n${await page.locator('body').ariaSnapshot()}`, { cause: error });
  }
  // The browser also reports the stream that is refused before signing in, and what is asked while a store is away.
  expect(complaints.filter((text) => !/status of (401|403|409|400|503)/.test(text))).toEqual([]);
  await page.context().close();
}

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** The grid of machine ids has a thousand buttons that are alike; the first rows stand for them. */
const RUN_AXE = `axe.run({ exclude: [['.grid .cell:nth-child(n + 40)']] }, { resultTypes: ['violations'] })`;

async function seriousProblems(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = (await page.evaluate(RUN_AXE)) as {
    violations: { id: string; impact: string; nodes: { html: string }[] }[];
  };
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

/** Where pictures go, if somebody wants to look at them. */
const PICTURES = process.env.LEAFCUTTER_PICTURES;

async function shoot(page: Page, name: string): Promise<void> {
  if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
}

/** Light and wide, dark and narrow. */
async function picture(page: Page, name: string): Promise<void> {
  for (const [colorScheme, width] of [
    ['light', 1440],
    ['dark', 390],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await shoot(page, `${name}-${colorScheme}-${width}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1440, height: 900 });
}

const used = (page: Page) =>
  page
    .locator('.segment.current .used')
    .first()
    .evaluate((bar) => bar.getBoundingClientRect().width);

describe('the console', () => {
  test('asks for a token, refuses a wrong one, and shows the fleet for a right one', async () => {
    await visiting('', undefined, async (page) => {
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(await seriousProblems(page)).toEqual([]);
      await signIn(page, 'guess');
      await page.getByText('The token is not valid.').waitFor();
      await signIn(page, VIEWER);
      await page.getByRole('link', { name: 'orders', exact: true }).waitFor();
      await page.locator('tr[data-agent="agent-1"]').getByText('alive').waitFor();
      await page
        .locator('tr[data-job="audit"]')
        .getByText(/ago|now|not yet/)
        .waitFor();
      await page.locator('tr[data-coordinator]', { hasText: VERSION }).nth(1).waitFor();
      await page.getByText(/^Times are those of /).waitFor();
      expect(await page.title()).toBe('Fleet · Leafcutter');
      await page.getByRole('button', { name: '24 h' }).click();
      await page.getByRole('img', { name: /IDs per second of all tags, now [1-9]/ }).waitFor();
      await page.getByRole('link', { name: 'agent-1' }).first().click();
      await page.locator('.holders').getByRole('link', { name: 'orders', exact: true }).waitFor();
      expect(await page.title()).toBe('agent-1 · Agent · Leafcutter');
      await page.evaluate('location.hash = "#/nowhere"');
      await page.getByRole('heading', { name: 'No such page' }).waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    });
  });

  test('draws every agent’s segments, and the bars move', async () => {
    await visiting('#/tags/orders', VIEWER, async (page) => {
      await page.locator('.holders li').nth(2).waitFor();
      const before = await used(page);
      expect(await poll(async () => Math.abs((await used(page)) - before) > 5)).toBe(true);
      await page.getByRole('img', { name: /IDs per second of orders, now [1-9]/ }).waitFor();
      await page.getByRole('cell', { name: 'agent-1' }).first().waitFor();
    });
  });

  test('makes, changes and retires a tag, and what it makes is used', async () => {
    await visiting('', ADMIN, async (page) => {
      await page.getByRole('button', { name: 'Create a tag' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('orders');
      await dialog.getByRole('button', { name: 'Create' }).click();
      await dialog
        .getByRole('alert')
        .getByText(/exists/)
        .waitFor();
      await dialog.getByLabel('Name').fill('parcels');
      await dialog.getByText('More settings').click();
      await dialog.getByLabel('Base step').fill('50');
      expect(await seriousProblems(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Create' }).click();
      await page.getByRole('heading', { name: 'parcels' }).waitFor();

      const [agent] = cluster.agents;
      expect(await (await fetch(`${agent?.url}/v1/ids/parcels`)).text()).toBe('1');
      await page.locator(`.holders li[data-agent="${agent?.name}"]`).waitFor();

      await page.getByRole('button', { name: 'Change', exact: true }).click();
      await page.getByLabel('Base step').fill('75');
      await page.getByRole('button', { name: 'Change base step' }).click();
      await page.locator('.fact', { hasText: 'Base step' }).getByText('75').waitFor();

      await page.getByRole('button', { name: 'Retire' }).click();
      const retire = page.getByRole('button', { name: 'Retire for good' });
      expect(await retire.isDisabled()).toBe(true);
      await page.getByLabel(/Type parcels/).fill('parcel');
      expect(await retire.isDisabled()).toBe(true);
      await page.getByLabel(/Type parcels/).fill('parcels');
      await retire.click();
      await page.getByText('retired').waitFor();
      expect(await poll(async () => (await fetch(`${agent?.url}/v1/ids/parcels`)).status === 410)).toBe(true);
      await page.getByRole('link', { name: 'Who changed it' }).click();
      const changes = page.locator('tr[data-change]');
      await changes.filter({ hasText: 'made' }).waitFor();
      const told = (await changes.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '));
      expect(told).toEqual([
        expect.stringContaining('(unnamed) retired parcels state before active → after retired 127.0.0.1'),
        expect.stringContaining('(unnamed) changed parcels step before 50 → after 75 127.0.0.1'),
        expect.stringMatching(/made parcels .*step 50/),
      ]);
      await page.getByLabel('Tag', { exact: true }).fill('nothing');
      await page.getByRole('button', { name: 'Show' }).click();
      await page.getByText('The trail has no such change.').waitFor();
    });
  });

  test('lets a viewer change nothing, and says so', async () => {
    await visiting('', VIEWER, async (page) => {
      await page.getByRole('button', { name: 'Create a tag' }).click();
      await page.getByRole('dialog').getByLabel('Name').fill('mine');
      await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
      await page.getByRole('alert').getByText('This token is read-only.').waitFor();
    });
    const answer = await fetch(url('v1/tags/mine'), { headers: { authorization: `Bearer ${ADMIN}` } });
    expect(answer.status).toBe(404);
  });

  test('shows who holds a machine id, reached by keyboard, and its windows', async () => {
    await visiting('#/machine-ids', VIEWER, async (page) => {
      await page.getByRole('button', { name: 'Machine id 0: held' }).waitFor();
      expect(await seriousProblems(page)).toEqual([]);
      await page.getByRole('button', { name: 'Machine id 0: held' }).focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Machine id 1', exact: true }).waitFor();
      // A second one, if this took longer than half of the first.
      await page
        .locator('.windows li', { hasText: /agent-\d/ })
        .first()
        .waitFor();
    });
  });

  test('explains an ID of either kind', async () => {
    const [agent] = cluster.agents;
    const segment = await (await fetch(`${agent?.url}/v1/ids/orders`)).text();
    const snowflake = await (await fetch(`${agent?.url}/v1/snowflake`)).text();
    await visiting('#/explain', VIEWER, async (page) => {
      // The page asks for the token as soon as its stream is refused.
      await page.getByLabel('ID', { exact: true }).fill(segment);
      await page.keyboard.press('Enter');
      await page
        .getByText(new RegExp(`number \\d+ of \\d+ in a segment granted to agent ${agent?.name}`))
        .waitFor();
      await page.getByLabel('ID', { exact: true }).fill(snowflake);
      await page.keyboard.press('Enter');
      await page
        .getByText(new RegExp(`A snowflake of machine id \\d+, held by agent ${agent?.name}`))
        .waitFor();
      expect(await seriousProblems(page)).toEqual([]);
      await page.getByLabel('ID', { exact: true }).fill('nonsense');
      await page.keyboard.press('Enter');
      await page.getByText(/must be an ID in decimal digits/).waitFor();
    });
  });

  test('makes a tag with a shape, and explains its texts by their tag', async () => {
    const [agent] = cluster.agents;
    await visiting('', ADMIN, async (page) => {
      await page.getByRole('button', { name: 'Create a tag' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('invoices');
      await dialog.getByText('More settings').click();
      await dialog.getByLabel('Shape').fill('INV-{base36:2:3}');
      await dialog.getByRole('button', { name: 'Create' }).click();
      await dialog
        .getByRole('alert')
        .getByText(/shape: must be prefix/)
        .waitFor();
      await dialog.getByLabel('Shape').fill('INV-{base36:6}');
      await dialog.getByRole('button', { name: 'Create' }).click();
      await page.locator('.fact', { hasText: 'Shape' }).getByText('INV-{base36:6}').waitFor();
      const text = await (await fetch(`${agent?.url}/v1/ids/invoices`)).text();
      expect(text).toBe('INV-000001');
      const twin = JSON.stringify({ tag: 'twins', shape: 'INV-{base62:6}' });
      const headers = { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' };
      await fetch(url('v1/tags'), { method: 'POST', headers, body: twin });
      await page.reload();
      await page.locator('.note.warning', { hasText: '"twins" (INV-{base62:6})' }).waitFor();
      expect(await seriousProblems(page)).toEqual([]);
      await page.getByRole('link', { name: 'Explain' }).click();
      await page.getByLabel('ID', { exact: true }).fill(text);
      await page.getByRole('button', { name: 'Explain' }).click();
      await page.getByText(/must be an ID in decimal digits/).waitFor();
      await page.getByLabel('Tag', { exact: true }).fill('invoices');
      await page.getByRole('button', { name: 'Explain' }).click();
      await page.getByText(`number 1 of 1000 in a segment granted to agent ${agent?.name}`).waitFor();
      expect(await seriousProblems(page)).toEqual([]);
    });
  });

  // Both colours and both widths, each once.
  test.each([
    ['light', 1440],
    ['dark', 390],
  ] as const)('is accessible and not wider than the screen: %s, %d', async (scheme, width) => {
    const { page } = await openPage(browser, { scheme, width, height: 844 });
    await page.goto(url());
    await signIn(page, VIEWER);
    for (const [hash, wanted] of [
      ['#/', '.health'],
      ['#/tags/orders', '.holders li'],
      ['#/agents/agent-1', '.holders li'],
      ['#/machine-ids/0', '.windows li'],
      ['#/tags/nobody', '.empty'],
      ['#/changes', 'tr[data-change]'],
      ['#/nowhere', 'h1'],
    ] as const) {
      await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
      await page.locator(wanted).first().waitFor();
      expect([hash, await seriousProblems(page)]).toEqual([hash, []]);
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect([hash, overflow]).toEqual([hash, 0]);
      await shoot(page, `${hash.split('/')[1] || 'fleet'}-${scheme}-${width}`);
    }
    await page.context().close();
  });

  test('shows an agent of its own, live, without the coordinator’s help', async () => {
    const [agent] = cluster.agents;
    const { page, complaints } = await openPage(browser);
    await page.goto(`${agent?.url}/`);
    await page.locator('.holders li[data-tag="orders"]').waitFor();
    const before = await used(page);
    expect(await poll(async () => Math.abs((await used(page)) - before) > 5)).toBe(true);
    await page.locator('.fact', { hasText: 'coordinators' }).getByText('up', { exact: true }).waitFor();
    const snowflake = await (await fetch(`${agent?.url}/v1/snowflake`)).text();
    await page.getByLabel('ID', { exact: true }).fill(snowflake);
    await page.getByRole('button', { name: 'Decode' }).click();
    await page.locator('.fact', { hasText: 'Sequence' }).waitFor();
    expect(await seriousProblems(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('tells the truth in an incident: an agent dies, both stores are lost, both come back', async () => {
    await visiting('', VIEWER, async (page) => {
      const [, , dead] = cluster.agents;
      const row = (name = '') => page.locator(`tr[data-agent="${name}"]`);
      const fact = (name: string) => page.locator('.fact', { hasText: name });
      const problem = page.locator('.problems li', { hasText: `Agent ${dead?.name} has been silent` });
      await row(dead?.name).getByText('alive').waitFor();
      await fact('Agents alive').getByText(/^3/).waitFor();

      await dead?.process.kill();
      const killedAt = performance.now();
      await row(dead?.name).getByText('silent').waitFor();
      const seconds = (performance.now() - killedAt) / 1000;
      process.stdout.write(`a killed agent was red after ${seconds.toFixed(1)} s (target 5 s)\n`);
      expect(await row(dead?.name).getAttribute('class')).toBe('silent');
      await fact('Agents alive').getByText('1 silent').waitFor();
      await problem.getByText(/^for \d/).waitFor();
      await picture(page, 'incident-1-agent-dead');

      await Promise.all([mariadb.kill(), redis.kill()]);
      const health = page.locator('.health.critical');
      await health
        .getByText(/MySQL does not answer.*The first to run out is orders on agent agent-[12]:/)
        .waitFor();
      await page
        .locator('.problems')
        .getByText(/Redis does not answer/)
        .waitFor();
      await fact('IDs issued').getByText('unknown', { exact: true }).waitFor();
      await fact('Agents alive').getByText('3 unknown').waitFor();
      for (const { name } of cluster.agents)
        await row(name)
          .getByText(/^unknown, seen /)
          .waitFor();
      await problem.getByText('whether it lasts cannot be known now').waitFor();
      await page.getByText('These are the tags seen last').waitFor();
      expect(await problem.getAttribute('class')).toBe('unknown');
      expect(await health.textContent()).not.toContain(dead?.name);
      expect(await seriousProblems(page)).toEqual([]);
      await picture(page, 'incident-2-stores-lost');

      await Promise.all([mariadb.restart(), redis.restart()]);
      await page.locator('.health.ok', { hasText: /^.?2 agents and \d+ tags, all well\.$/ }).waitFor();
      await fact('Agents alive').getByText(/^2$/).waitFor();
      for (const { name } of cluster.agents.slice(0, 2)) await row(name).getByText('alive').waitFor();
      // Redis came back empty, so nobody knows of the dead agent. It is not called well.
      await row(dead?.name).waitFor({ state: 'detached' });
      await problem.getByText('no longer listed').waitFor();
      expect(await seriousProblems(page)).toEqual([]);
      await picture(page, 'incident-3-stores-back');
      await dead?.restart();
      await row(dead?.name).getByText('alive').waitFor();
    });
  });

  test('says that the connection is lost, and goes on by itself when the coordinator is back', async () => {
    const { page } = await openPage(browser);
    await page.goto(url());
    await signIn(page, VIEWER);
    await page.getByRole('link', { name: 'orders', exact: true }).waitFor();
    const [coordinator] = cluster.coordinators;
    await coordinator?.stop();
    await page.getByText('What you see is the last that came').waitFor();
    await page.getByRole('link', { name: 'orders', exact: true }).waitFor();
    await coordinator?.restart();
    await page.getByRole('status').getByText('live', { exact: true }).waitFor();
    await page.context().close();
  });

  test('shows on an agent’s page since when its coordinators are down, and why', async () => {
    await Promise.all(cluster.coordinators.map((coordinator) => coordinator.stop()));
    const { page } = await openPage(browser);
    await page.goto(`${cluster.agents[0]?.url}/`);
    const fact = page.locator('.fact', { hasText: 'coordinators' });
    await fact.getByText('down', { exact: true }).waitFor();
    await fact.getByText(/for .*: COORDINATOR_UNAVAILABLE/).waitFor();
    await Promise.all(cluster.coordinators.map((coordinator) => coordinator.restart()));
    await fact.getByText('up', { exact: true }).waitFor();
    await page.context().close();
  });
});
