import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

let coordinator: Service;
let agent: Service;

beforeAll(async () => {
  coordinator = await Service.start({
    kind: 'coordinator',
    name: 'coordinator',
    flags: ['--data-dir', join(await scratchDir('foreign-pages'), 'data'), '--auto-create-tags'],
  });
  agent = await Service.start({
    kind: 'agent',
    name: 'agent',
    flags: ['--coordinators', coordinator.url, '--allowed-hosts', 'agent.internal'],
  });
});

afterAll(async () => {
  await agent?.stop();
  await coordinator?.stop();
});

/** The status of a request to make a tag, with header fields that `fetch` would not send. */
function makeTag(headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(`${coordinator.url}/v1/tags`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
    });
    sent.once('error', reject);
    sent.once('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.end(JSON.stringify({ tag: 'orders', step: 10 }));
  });
}

test("a coordinator without tokens makes no tag for another site's page, whatever name led the page to it", async () => {
  expect(await makeTag({ origin: 'http://elsewhere.example' })).toBe(403);
  expect(await makeTag({ 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await makeTag({ 'content-type': 'text/plain' })).toBe(400);
  const rebound = 'rebound.example:8100';
  expect(await makeTag({ host: rebound, origin: `http://${rebound}` })).toBe(403);
  expect(await makeTag({})).toBe(201);
});

/** An agent's answer to a request for an ID, with header fields that `fetch` would not send. */
function draw(headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(`${agent.url}/v1/ids/drawn`, { headers });
    sent.once('error', reject);
    sent.once('response', async (answer) => {
      const text = (await answer.toArray()).join('');
      resolve(answer.statusCode === 200 ? 'an ID' : String((JSON.parse(text) as { reason: string }).reason));
    });
    sent.end();
  });
}

test('an agent without tokens gives no ID to a page, by whatever name it asks', async () => {
  const browser = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)' };
  expect(await draw({})).toBe('an ID');
  expect(await draw({ host: 'agent.internal:8000' })).toBe('an ID');
  expect(await draw({ host: 'rebound.example:8000' })).toBe('foreign_host');
  expect(await draw({ ...browser, host: 'rebound.example:8000' })).toBe('foreign_host');
  expect(await draw(browser)).toBe('browser');
  expect(await draw({ ...browser, 'sec-fetch-site': 'cross-site' })).toBe('cross_site');
  expect(await draw({ ...browser, 'sec-fetch-site': 'none' })).toBe('an ID');
});
