import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { visible } from '@leafcutter/shared/visible';
import { runCommand } from './commands.ts';
import { printReport } from './verify/print-report.ts';

/** Looks like the end of a row and another row, and hides its real content. */
const FORGED = 'x\r\n\u001b[1Aforged  active\u202e\u009b';
const TAG = {
  tag: FORGED,
  state: 'active',
  nextId: '1',
  step: 1,
  maxStep: 1,
  targetDurationS: 1,
  highestId: '9',
  description: FORGED,
  shape: FORGED,
};
const RANGE = {
  tag: FORGED,
  machineId: null,
  start: '1',
  end: '2',
  agentId: FORGED,
  instanceId: FORGED,
  coordinatorId: FORGED,
  grantedAtMs: 0,
};
const CHANGE = {
  id: '1',
  atMs: 0,
  action: FORGED,
  tag: FORGED,
  actor: FORGED,
  origin: FORGED,
  coordinatorId: FORGED,
  before: { [FORGED]: FORGED },
  after: { [FORGED]: FORGED },
};
const ANSWERS: Readonly<Record<string, object>> = {
  '/v1/tags': { tags: [TAG], next: null },
  '/v1/audit': { changes: [CHANGE], next: null },
  '/v1/tags/one': { ...TAG, warnings: [{ code: 'SHARED_TEXTS', message: FORGED }] },
  '/v1/tags/away': { code: 'STORE_UNAVAILABLE', detail: FORGED },
  '/v1/tags/broken': { code: 'INTERNAL', detail: FORGED },
  '/v1/explain/1': {
    id: '1',
    snowflake: null,
    more: false,
    segments: [{ tag: FORGED, verdict: 'granted', sentence: FORGED, range: RANGE }],
  },
};
const server = createServer(({ url = '' }, response) => {
  const answer = ANSWERS[url.replace(/\?.*/, '')] ?? {};
  response.writeHead('code' in answer ? 503 : 200).end(JSON.stringify(answer));
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function leafcutter(...argv: string[]) {
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const code = await runCommand({
    argv,
    env: { LEAFCUTTER_COORDINATOR: url },
    cwd: '/',
    watched: false,
    self: ['leafcutter'],
    node: '24.0.0',
    stopRequested: new Promise<string>(() => undefined),
    out: say,
    err: say,
    parent: undefined,
    onHangup: () => undefined,
    input: () => Readable.from([]),
    ask: undefined,
    tellListening: () => undefined,
  });
  return { code, output: said.join('') };
}

/** Whole lines: they contain nothing that a terminal obeys. */
function linesOf(output: string): string[] {
  const lines = output.trimEnd().split('\n');
  expect(lines.map(visible)).toEqual(lines);
  return lines;
}

describe('what a coordinator says stays in its line, and moves nothing', () => {
  test('in a table of tags, which has one row for one tag', async () => {
    const [head, ...rows] = linesOf((await leafcutter('tag', 'list')).output);
    expect(head).toMatch(/^TAG +STATE/);
    expect(rows).toEqual([expect.stringMatching(/^x\\u\{d\}\\u\{a\}\\u\{1b\}\[1Aforged/)]);
  });

  test('in the audit trail', async () => {
    const lines = linesOf((await leafcutter('audit')).output);
    expect(lines).toEqual([expect.stringMatching(/^TIME +WHO/), expect.stringMatching(/^1970-01-01T/)]);
  });

  test('in a warning', async () => {
    const lines = linesOf((await leafcutter('tag', 'show', 'one')).output);
    expect(lines.at(-1)).toMatch(/^Warning: x\\u\{d\}/);
    expect(lines.length).toBe(3);
  });

  test.each([['away'], ['broken']])('in the refusal to show the tag %s', async (tag) => {
    const { code, output } = await leafcutter('tag', 'show', tag);
    expect([code, linesOf(output).length]).toEqual([1, 1]);
  });

  test('in what is known of an ID', async () => {
    const lines = linesOf((await leafcutter('explain', '1')).output);
    expect(lines.map((line) => line.slice(0, 10))).toEqual([
      ...['x\\u{d}\\u{a', '  segment ', '  agent   ', '  granted '],
    ]);
  });

  test.each([
    [['audit']],
    [['tag', 'export']],
    [['tag', 'list']],
    [['tag', 'show', 'one']],
    [['explain', '1']],
  ])('in the JSON of %j, which tells it unchanged', async (argv) => {
    const { output } = await leafcutter(...argv, '--json');
    const json = linesOf(output.replace(/^Warning.*\n/m, '')).join('\n');
    expect(JSON.stringify(JSON.parse(json))).toContain(JSON.stringify(FORGED));
  });
});

test('what an agent says stays in its line of a report of verify', () => {
  const call = {
    process: 1,
    agent: FORGED,
    instance: FORGED,
    invokedS: 0,
    completedS: 1,
    lowest: '1',
    highest: '1',
  };
  const violations = [{ source: 'orders', id: '1', calls: [call] }];
  const report = printReport({
    verdict: 'violated',
    requests: 1,
    singles: 1,
    ids: 1,
    instances: 1,
    refused: {},
    unanswered: {},
    unattributed: 0,
    seconds: 1,
    idsPerSecond: 1,
    duplicates: violations,
    falling: [],
    ledger: { checked: false, why: FORGED },
  });
  expect(linesOf(report).length).toBe(9);
});
