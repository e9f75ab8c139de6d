import { Readable } from 'node:stream';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { type Io, UsageError } from '@leafcutter/cli/io';
import { type ApplyFlags, applyTagFiles, type TagClient } from '@leafcutter/cli/tag-file/apply';
import { exportTags } from '@leafcutter/cli/tag-file/export';
import { TagAdmin } from '@leafcutter/coordinator/domain/tags/tags';
import { MemoryStore } from '@leafcutter/coordinator/fakes/memory-store';
import { newTag } from '@leafcutter/coordinator/fakes/samples';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { FakeClock } from '@leafcutter/shared/fake-clock';
import { changeTagRequest, createTagRequest } from '@leafcutter/shared/wire';

let store: MemoryStore;
let client: TagClient;

beforeEach(() => {
  store = new MemoryStore(new FakeClock());
  const admin = new TagAdmin(store, { maxStep: 1_000_000, targetDurationS: 600 });
  client = {
    list: (after, limit = 100) => admin.list(after, limit),
    create: (request) => admin.create(createTagRequest.parse(request)),
    change: (tag, request) => admin.change(tag, changeTagRequest.parse(request)),
    retire: (tag) => admin.retire(tag),
  };
});

function ioOf(said: string[], file: string, ask?: Io['ask']): Io {
  return {
    argv: [],
    env: {},
    cwd: '/',
    watched: false,
    stopRequested: new Promise<string>(() => undefined),
    self: ['leafcutter'],
    node: '24.0.0',
    out: (text) => void said.push(text),
    err: (text) => void said.push(text),
    input: () => Readable.from([Buffer.from(file)]),
    ask,
    onHangup: () => undefined,
    tellListening: () => undefined,
    parent: undefined,
  };
}

/** Applies a file that is piped in. */
async function apply(file: string, flags: Partial<ApplyFlags> = {}, ask?: Io['ask']) {
  const said: string[] = [];
  const all = { file: ['-'], dryRun: false, prune: false, yes: false, json: false, ...flags };
  const code = await applyTagFiles(client, all, ioOf(said, file, ask));
  return { code, output: said.join('') };
}

async function exported(): Promise<string> {
  const said: string[] = [];
  await exportTags(client, false, ioOf(said, ''));
  return said.join('');
}

const FILE = `
tags:
  - { tag: orders, start: 5001, step: 2000, description: All orders }
  - { tag: invoices, shape: "INV-{decimal:8}", maxStep: 50000 }
`;

describe('leafcutter tag apply', () => {
  test('says what it would do, and with 2 that there is something to do', async () => {
    const { code, output } = await apply(FILE, { dryRun: true });
    expect(code).toBe(2);
    expect(output.split('\n')).toEqual([
      '+ orders  start 5001, step 2000, description "All orders"',
      '+ invoices  maxStep 50000, shape "INV-{decimal:8}"',
      '2 to create, 0 to change, 0 to retire, 0 refused, 0 unchanged.',
      '',
    ]);
    expect(await store.listTags(undefined, 9)).toEqual([]);
  });

  test('makes and changes tags, and has nothing to do the second time', async () => {
    expect(await apply(FILE)).toMatchObject({ code: 0 });
    expect(await store.findTag('orders')).toMatchObject({ nextId: 5001n, step: 2000 });
    expect(await apply(FILE, { dryRun: true })).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^0 to create, 0 to change, 0 to retire, 0 refused, 2 unchanged/),
    });
    const later = 'tags: [{ tag: orders, step: 3000, maxStep: 9000, description: null }]';
    expect((await apply(later)).output).toContain(
      '~ orders  step 2000 → 3000, maxStep 1000000 (default) → 9000, description "All orders" → none',
    );
    expect(await apply('tags: [{ tag: orders, maxStep: null, highestId: null }]')).toMatchObject({
      code: 0,
      output: expect.stringContaining('~ orders  maxStep 9000 → default\n'),
    });
    expect(await store.findTag('orders')).toMatchObject({ step: 3000, maxStep: undefined });
  });

  test('what a file does not say stays as it is, and no counter moves', async () => {
    await apply(FILE);
    await store.withTag('orders', async (row) => row.advance(7_001n, []));
    expect(await apply(FILE)).toMatchObject({ code: 0 });
    expect(await apply('tags: [{ tag: invoices }]')).toMatchObject({ code: 0 });
    expect(await store.findTag('orders')).toMatchObject({ nextId: 7_001n, description: 'All orders' });
    expect(await store.findTag('invoices')).toMatchObject({ shape: 'INV-{decimal:8}', maxStep: 50_000 });
  });

  test.each([
    [
      '{ tag: invoices, shape: "INV-{base36:8}" }',
      'shape: is INV-{decimal:8} and cannot be changed to INV-{base36:8}',
    ],
    ['{ tag: invoices, shape: null }', 'shape: is INV-{decimal:8} and cannot be changed to none'],
    ['{ tag: orders, shape: "{base36:8}" }', 'shape: is none and cannot be changed'],
    [
      '{ tag: orders, start: 9001 }',
      'start: the tag exists, and its next ID is 5001, which start does not change',
    ],
    ['{ tag: orders, highestId: 4999 }', 'highestId: must be at least 5000'],
    ['{ tag: orders, maxStep: 10 }', 'maxStep: must not be less than step (2000)'],
    ['{ tag: gone, step: 1 }', 'is retired for good; use a new name'],
    ['{ tag: new, step: 10, maxStep: 5 }', 'maxStep: must not be less than step (10)'],
    ['{ tag: new, steps: 10 }', 'steps: is not a field of a tag'],
    ['{ tag: 2024 }', 'tag: must be a text; put it in quotes'],
    ['{ tag: "no spaces" }', 'tag: must have 1 to 128 characters (A-Z'],
    ['{ tag: new, step: 1.5 }', 'step: must be a whole number'],
    ['{ tag: new, shape: nonsense }', 'shape: '],
    ['{ tag: orders }, { tag: orders, step: 1 }', 'is named more than once'],
    ['just a text', 'must have fields'],
  ])('refuses %s, and then changes nothing at all', async (wrong, problem) => {
    await apply(`${FILE}  - { tag: gone }`);
    await client.retire('gone');
    const { code, output } = await apply(`tags: [{ tag: fine }, ${wrong}]`);
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining(problem) });
    expect(output).toMatch(/Nothing was changed/);
    expect(await store.findTag('fine')).toBeUndefined();
  });

  test.each([
    ['tags: [', /not valid YAML/],
    ['- tag: orders', /it must contain "tags:"/],
    ['{ "tags": [], "more": 1 }', /it must contain "tags:"/],
    [`# ${'x'.repeat(1_048_576)}`, /larger than 1 MiB/],
    [`tags: [${'{ tag: a }, '.repeat(10_001)}]`, /more than 10000 tags/],
  ])('has no use for a text that is no such file', async (file, why) => {
    await expect(apply(file)).rejects.toThrow(why);
  });

  test('takes JSON too, and prints it', async () => {
    const { output } = await apply('{"tags":[{"tag":"orders","highestId":"900"}]}', { json: true });
    expect(JSON.parse(output)).toEqual({
      applied: true,
      failed: [],
      tags: [{ tag: 'orders', action: 'create', differences: [{ field: 'highestId', from: '', to: '900' }] }],
    });
  });
});

describe('what the coordinator refuses', () => {
  test('is told for each tag, and keeps the others from nothing but their end', async () => {
    await apply('tags: [{ tag: orders }, { tag: old }]');
    const { create } = client;
    client = {
      ...client,
      create: async (request) => {
        if ('tag' in request && request.tag === 'first') throw new LeafcutterError('BAD_REQUEST', 'No.');
        return create(request);
      },
    };
    const all = 'tags: [{ tag: first }, { tag: second }, { tag: orders }]';
    const { code, output } = await apply(all, { prune: true, yes: true });
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringContaining('first: BAD_REQUEST: No.'),
    });
    expect(await store.findTag('second')).toBeDefined();
    expect(await store.findTag('old')).toMatchObject({ retired: false });
  });

  test('ends the run if it may be over the next time', async () => {
    const away = new LeafcutterError('STORE_UNAVAILABLE', 'MySQL is away.');
    client = { ...client, create: () => Promise.reject(away) };
    await expect(apply(FILE)).rejects.toBe(away);
  });
});

describe('--prune', () => {
  const KEPT = 'tags: [{ tag: orders }]';

  beforeEach(async () => {
    await apply(
      'tags: [{ tag: orders }, { tag: old }, { tag: "d-{yyyyMMdd}", shape: "{yyyyMMdd}{decimal:6}" }]',
    );
    await client.create({ tag: 'x' });
    await store.createTag(newTag('d-{20261130}', { shape: '20261130{decimal:6}' }));
  });

  test('retires nothing without the word', async () => {
    expect((await apply(KEPT, { yes: true })).output).toContain('0 to retire');
    expect(await store.findTag('old')).toMatchObject({ retired: false });
  });

  test('retires what no file names, but for days', async () => {
    const { code, output } = await apply(KEPT, { prune: true, yes: true });
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringContaining('- old  retired for good'),
    });
    const retired = (await store.listTags(undefined, 9)).filter((tag) => tag.retired);
    expect(retired.map(({ tag }) => tag)).toEqual(['d-{yyyyMMdd}', 'old', 'x']);
  });

  test('asks first, and is refused if nobody can be asked', async () => {
    await expect(apply(KEPT, { prune: true })).rejects.toThrow(UsageError);
    await expect(apply(KEPT, { prune: true }, async () => 'y')).rejects.toThrow('Nothing was changed.');
    expect(await store.findTag('old')).toMatchObject({ retired: false });
    const questions: string[] = [];
    const ask = async (question: string) => {
      questions.push(question);
      return '3\n';
    };
    expect(await apply(KEPT, { prune: true }, ask)).toMatchObject({ code: 0 });
    expect(questions).toEqual([
      'Retire d-{yyyyMMdd}, old, x, which cannot be undone? Type their number (3) to confirm: ',
    ]);
    expect(await store.findTag('old')).toMatchObject({ retired: true });
  });

  test('takes no file without tags', async () => {
    await expect(apply('tags: []', { prune: true, yes: true })).rejects.toThrow('would retire every tag');
  });
});

describe('leafcutter tag export', () => {
  test('writes what apply takes, and then nothing differs', async () => {
    await apply(`${FILE}  - { tag: "7", highestId: 99, targetDurationS: 60 }\n  - { tag: gone }`);
    await client.retire('gone');
    const file = await exported();
    expect(file).toContain('- tag: "orders"\n    step: 2000\n    description: "All orders"\n');
    expect(file).toContain('- tag: "7"\n    step: 1000\n    targetDurationS: 60\n    highestId: "99"\n');
    expect(file).not.toContain('gone');
    expect(await apply(file, { dryRun: true, prune: true })).toMatchObject({
      code: 0,
      output: expect.stringContaining('0 refused, 3 unchanged'),
    });
  });

  test('quotes a description so that no terminal obeys it, and apply still finds it unchanged', async () => {
    await client.create({ tag: 'orders' });
    await store.changeTag('orders', { description: '\u001b[1A\u202e\u009b' });
    const file = await exported();
    expect(file).toMatch(/description: "[ -~]+"/);
    expect(await apply(file, { dryRun: true })).toMatchObject({ code: 0 });
  });
});
