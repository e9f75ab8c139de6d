import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

let coordinator: Service;

beforeAll(async () => {
  coordinator = await Service.start({
    kind: 'coordinator',
    name: 'coordinator',
    flags: ['--data-dir', join(await scratchDir('foreign-pages'), 'data')],
  });
});

afterAll(() => coordinator.stop());

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
